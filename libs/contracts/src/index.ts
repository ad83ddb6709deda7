export { type Delivery, type HeaderValue } from './delivery.ts';
export {
  type Cause,
  causedBy,
  type Envelope,
  headersOf,
  knownTypeOf,
  originOf,
  readEnvelope,
  typeOf,
  type Unreadable,
  UnreadableMessage,
  versionOf,
} from './envelope.ts';
export * from './facts.ts';
export { consumerOf, generationOf, groupOf } from './generation.ts';
export { fact, type Message, task } from './message.ts';
export { maskPersonal, maskEmail } from './personal.ts';
export { type ConsumerGroup, mailDomain, retryRungs, topology, type Topology } from './topology.ts';
export * from './tasks.ts';
export { text } from './text.ts';
