import type { Behaviour } from '../domain/payment-methods.ts';
import type { Plan } from '../move-money/operation.ts';
import { Refusal } from '../refusal.ts';
import type { Store } from '../store.ts';

const RETRY_AFTER_S = 1;

/**
 * What becomes of the first request about `subject`, for payment methods that want it to fail. A 500 comes while it works, so
 * its key keeps it; a 429 comes before, and leaves the key free.
 */
export function failFirst(store: Store, subject: string, behaviour: Behaviour, plan: Plan): Plan {
  if (behaviour.failsFirst === undefined) return plan;
  const isFirst = store.prepare('INSERT OR IGNORE INTO failed_once (subject) VALUES (?)').run(subject).changes === 1;
  if (!isFirst) return plan;
  if (behaviour.failsFirst === 'stored-500') return { ...plan, perform: fail };
  throw new Refusal(
    429,
    { type: 'rate_limit_error', code: 'rate_limit', message: 'Too many requests.' },
    {
      retryAfterS: RETRY_AFTER_S,
    },
  );
}

function fail(): never {
  throw new Error('its payment method wants this');
}
