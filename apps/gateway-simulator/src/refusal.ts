import type { Intent } from './domain/intent.ts';
import { NotPossible } from './domain/not-possible.ts';

/** Stripe's error object. Clients decide by `type` and `code`; `message` is for people. */
export type StripeError = Readonly<{
  type: 'invalid_request_error' | 'idempotency_error' | 'card_error' | 'api_error' | 'rate_limit_error';
  message: string;
  code?: string;
  decline_code?: string;
  param?: string;
  charge?: string;
  payment_intent?: Intent;
}>;

/**
 * An answer other than success that changed nothing. `kept` ones are replayed to the same idempotency key; `retryAfterS` is
 * the header of a 429.
 */
export class Refusal extends Error {
  readonly status: number;
  readonly error: StripeError;
  readonly kept: boolean;
  readonly retryAfterS: number | undefined;

  constructor(status: number, error: StripeError, how: { kept?: boolean; retryAfterS?: number } = {}) {
    super(error.message);
    this.status = status;
    this.error = error;
    this.kept = how.kept ?? false;
    this.retryAfterS = how.retryAfterS;
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

/** A Refusal as it is; what the domain finds impossible as Stripe words it; nothing for any other error. */
export function asRefusal(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error;
  if (!(error instanceof NotPossible)) return undefined;
  const { message, details } = error;
  const { intent, ...fields } = details;
  if (!intent) return invalidRequest(message, fields);
  // A wrong state was found while executing: the answer is kept, and the intent in it shows what it is instead.
  return new Refusal(
    400,
    { type: 'invalid_request_error', message, ...fields, payment_intent: intent },
    { kept: true },
  );
}

export const internalError: StripeError = { type: 'api_error', message: 'The gateway simulator failed.' };
