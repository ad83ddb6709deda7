import type { Evidence } from '../evidence.ts';
import { judge, type Verdict } from '../verdict.ts';

/**
 * 12. No card number, address or name in any log, span, metric, header, error text or list. Only headers and stored error
 * texts are within reach here, and only addresses can be told from other text: a find breaks it, none does not prove it.
 */
export function nothingPersonal({ personal, looked }: Evidence): Verdict {
  const title = 'nothing personal shown';
  const found = `${looked} headers and error texts`;
  if (personal.length > 0) return judge(12, title, found, { wrong: personal });
  return {
    promise: 12,
    title,
    verdict: 'not checkable here',
    detail: `${found} are clean; logs and spans are out of reach`,
    offenders: [],
  };
}
