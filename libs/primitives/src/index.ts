export { describeError, DomainError, Permanent, Transient, unquoted } from './errors.ts';
export { deriveId, isId, newId, timeOfId } from './ids.ts';
export { add, type Money, money, times, zero } from './money.ts';
export { backoff, DeadlineExceeded, delay, withDeadline } from './waiting.ts';
