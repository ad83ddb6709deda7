import { type Delivery, retryRungs } from '@cartwheel/messages';
import { describeError } from '@cartwheel/primitives';

/** Where a task stands on the retry ladder: its headers carry it from queue to queue. */
export type History = { readonly attempt: number; readonly failures: number; readonly firstFailedAt: Date };

const HEADER = {
  attempt: 'cartwheel_attempt',
  failures: 'cartwheel_failures',
  firstFailedAt: 'cartwheel_first_failed_at',
};

/** The errors of a handler that are not Transient: once per rung, and once more. */
export const MAX_FAILURES = retryRungs.length + 1;

/** What the ladder has written into the headers. Anybody may have edited them: no count and no date are a first delivery's. */
export function historyOf({ headers }: Delivery): History {
  const header = (name: string) => String(headers[name] ?? '');
  const count = (name: string, first: number) =>
    /^\d{1,6}$/.test(header(name)) ? Math.max(Number(header(name)), first) : first;
  const since = new Date(header(HEADER.firstFailedAt));
  return {
    attempt: count(HEADER.attempt, 1),
    failures: count(HEADER.failures, 0),
    firstFailedAt: Number.isNaN(since.getTime()) ? new Date() : since,
  };
}

/** The rung for a task that failed, and the headers it climbs with. The last rung repeats. */
export function climb({ attempt, failures, firstFailedAt }: History, error: unknown) {
  const rung = Math.min(attempt, retryRungs.length) - 1;
  const headers = {
    [HEADER.attempt]: String(attempt + 1),
    [HEADER.failures]: String(failures),
    [HEADER.firstFailedAt]: firstFailedAt.toISOString(),
    cartwheel_last_error: describeError(error).errorClass,
  };
  return { rung, delayMs: retryRungs[rung]!.delayMs, headers };
}
