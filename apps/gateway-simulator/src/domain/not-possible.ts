import type { Intent } from './intent.ts';

type Details = Readonly<{ code: string; param?: string; intent?: Intent }>;

/** The intent does not allow what was asked for. With `intent` it is in the wrong state, else a parameter is too much. */
export class NotPossible extends Error {
  readonly details: Details;

  constructor(message: string, details: Details) {
    super(message);
    this.details = details;
  }
}

export function unexpectedState(intent: Intent, operation: string): NotPossible {
  const message = `This PaymentIntent cannot be ${operation}: its status is ${intent.status}.`;
  return new NotPossible(message, { code: 'payment_intent_unexpected_state', intent });
}
