import type { Intent } from './domain/intent.ts';

/** Stripe's error object. Clients decide by `type` and `code`; `message` is for people. */
export type StripeError = Readonly<{
  type: 'invalid_request_error' | 'idempotency_error' | 'card_error' | 'api_error';
  message: string;
  code?: string;
  decline_code?: string;
  param?: string;
  charge?: string;
  payment_intent?: Intent;
}>;

/** An answer other than success that changed nothing. `kept` ones are replayed to the same idempotency key. */
export class Refusal extends Error {
  readonly status: number;
  readonly error: StripeError;
  readonly kept: boolean;

  constructor(status: number, error: StripeError, kept = false) {
    super(error.message);
    this.status = status;
    this.error = error;
    this.kept = kept;
  }
}

export function invalidRequest(message: string, details: { code?: string; param?: string; status?: number } = {}) {
  const { status = 400, ...fields } = details;
  return new Refusal(status, { type: 'invalid_request_error', message, ...fields });
}

export function noSuch(kind: 'payment_intent' | 'refund' | 'PaymentMethod', id: string, param: string) {
  const status = kind === 'PaymentMethod' ? 400 : 404;
  return invalidRequest(`No such ${kind}: '${id}'`, { status, code: 'resource_missing', param });
}

/** The intent travels with the refusal, so that the caller sees what it is instead. Decided while executing, so kept. */
export function unexpectedState(intent: Intent, operation: string) {
  const message = `This PaymentIntent cannot be ${operation}: its status is ${intent.status}.`;
  const code = 'payment_intent_unexpected_state';
  return new Refusal(400, { type: 'invalid_request_error', code, message, payment_intent: intent }, true);
}

export const internalError: StripeError = { type: 'api_error', message: 'The gateway simulator failed.' };
