export {
  type Cause,
  causedBy,
  consumerOf,
  type Delivery,
  type Envelope,
  generationOf,
  groupOf,
  type HeaderValue,
  maskEmail,
  originOf,
  retryRungs,
  text,
  typeOf,
  type Unreadable,
  UnreadableMessage,
  versionOf,
} from '@cartwheel/messages';
export * from './contracts.ts';
export * from './facts.ts';
export * from './tasks.ts';
