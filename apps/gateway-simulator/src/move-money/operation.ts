import type { Outcome } from '../answer-once/answer-once.ts';
import { behaviourOf } from '../domain/payment-methods.ts';
import type { Behaviour } from '../domain/payment-methods.ts';
import type { Change } from '../domain/intent.ts';
import type { Books } from '../keep-books/books.ts';
import { noSuch } from '../refusal.ts';

/** `id` is the intent in the path, or empty. `params` are the decoded form fields, not yet validated. */
export type Call = Readonly<{ id: string; params: unknown; key: string | null }>;

export type Plan = Readonly<{
  behaviour: Behaviour;
  /** How long to wait before `perform`. */
  thinksMs?: number | undefined;
  /** Runs in a transaction, and reads the intent again: it may have changed in the meantime. */
  perform: () => Outcome;
}>;

/** First part: validate, look up, refuse. Nothing changes before `perform`. */
export type Operation = (call: Call, books: Books) => Plan;

export function behaviour(paymentMethod: string): Behaviour {
  const found = behaviourOf(paymentMethod);
  if (!found) throw noSuch('PaymentMethod', paymentMethod, 'payment_method');
  return found;
}

/** The behaviour of the card that an intent is paid with; none, if it has no card. */
export const cardOf = (paymentMethod: string | null): Behaviour => (paymentMethod ? behaviour(paymentMethod) : {});

export const now = () => Math.floor(Date.now() / 1000);

/** Success shows the intent; a decline shows the card's error with the intent in it. */
export function outcomeOf(change: Change): Outcome {
  const { intent, movement, announces } = change;
  const news = announces && { type: announces, object: intent };
  return movement?.operation === 'decline'
    ? { status: 402, body: { error: { ...intent.last_payment_error, payment_intent: intent } }, movement, news }
    : { status: 200, body: intent, movement, news };
}
