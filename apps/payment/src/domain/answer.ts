import type { Operation } from './attempts.ts';
import type { Intent } from './intent.ts';
import { attempt, type Payment } from './payment.ts';

/**
 * Why a call to the gateway failed. `refused`: it said no, for good. `broken`: it failed, or has this key for another
 * request. Both would be replayed under the same key. `busy`: no answer, or none about this request; ask again under the
 * same key.
 */
export type Failure = { readonly kind: 'refused' | 'broken' | 'busy'; readonly code: string };

/** How the intent stands after a call, and why the call failed, if it did. */
export type Answer = { readonly intent: Intent; readonly failure?: Failure | undefined };

/** How the intent stands when an operation has had no effect on it. An intent cannot be retrieved before it is created. */
const untouched: Readonly<Record<Exclude<Operation, 'create'>, readonly Intent['kind'][]>> = {
  authorize: ['unconfirmed'],
  capture: ['authorized', 'unconfirmed', 'requires-action', 'declined'],
  void: ['authorized', 'unconfirmed', 'requires-action', 'declined'],
  refund: ['captured', 'refund-failed'],
};

/** A capture that was refused this often is refused for good. Outages do not count. */
export const CAPTURE_REFUSALS = 5;

/**
 * The next attempt of `operation` gets a key of its own when the gateway has answered the one under key `used`, and it had no
 * effect. `undefined`: the key stays. So it does when another worker has raised it: two keys for one attempt would be two
 * attempts.
 */
export function noteAttempt(
  payment: Payment,
  operation: Exclude<Operation, 'create'>,
  used: number,
  answer: Answer,
): Payment | undefined {
  if (!isOver(answer) || !untouched[operation].includes(answer.intent.kind)) return undefined;
  return raise(payment, operation, used, answer.failure);
}

/** The gateway has answered, and would give the same answer again under the same key. */
export function isOver({ intent, failure }: Answer): boolean {
  return intent.kind === 'refund-failed' || (failure !== undefined && failure.kind !== 'busy');
}

/** For a create that failed: should it have had an effect all the same, an intent that nobody confirms holds no money. */
export function noteNotCreated(payment: Payment, used: number, failure: Failure): Payment | undefined {
  return failure.kind === 'broken' && payment.intentId === undefined
    ? raise(payment, 'create', used, failure)
    : undefined;
}

/** The intent is canceled then, which shows that no money is held, and only after that the capture is called failed. */
export function isRefusedForGood(payment: Payment): boolean {
  return attempt(payment, 'capture').refused >= CAPTURE_REFUSALS;
}

function raise(payment: Payment, operation: Operation, used: number, failure?: Failure): Payment | undefined {
  const { n, refused } = attempt(payment, operation);
  if (n !== used) return undefined;
  const next =
    failure?.kind === 'refused' ? { n: n + 1, refused: refused + 1, refusal: failure.code } : { n: n + 1, refused };
  return { ...payment, attempts: { ...payment.attempts, [operation]: next } };
}

/** Why a payment still waits, for the log. */
export function reasonOf({ intent, failure }: Answer): string {
  if (failure) return failure.code;
  if (intent.kind === 'unknown') return intent.reason;
  return intent.kind === 'refund-failed' ? intent.code : `the gateway says ${intent.kind}`;
}
