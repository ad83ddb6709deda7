export { type Contracts, defineContracts, type MessageOf } from './define-contracts.ts';
export { type Delivery, type HeaderValue } from './delivery.ts';
export {
  type Cause,
  causedBy,
  type Envelope,
  originOf,
  typeOf,
  type Unreadable,
  UnreadableMessage,
  versionOf,
} from './envelope.ts';
export { consumerOf, generationOf, groupOf } from './generation.ts';
export { type Contract, type FactContract, type Message, type TaskContract } from './message.ts';
export { maskEmail } from './personal.ts';
export { text } from './text.ts';
export { retryRungs, type Topology } from './topology.ts';
