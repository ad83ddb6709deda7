/** A length of time for a person: `420 ms`, `4.2 s`, `42 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`. */
export function span(ms: number): string {
  const rounded = Math.max(0, Math.round(ms));
  if (rounded < 1_000) return `${rounded} ms`;
  if (rounded < 9_950) return `${(rounded / 1_000).toFixed(1)} s`;
  const units = [
    [86_400, 'd', 3_600, 'h'],
    [3_600, 'h', 60, 'min'],
    [60, 'min', 1, 's'],
  ] as const;
  const seconds = Math.round(rounded / 1_000);
  for (const [large, name, small, less] of units) {
    if (seconds < large) continue;
    const rest = Math.floor((seconds % large) / small);
    return `${Math.floor(seconds / large)} ${name}${rest === 0 ? '' : ` ${rest} ${less}`}`;
  }
  return `${seconds} s`;
}

/** The same for a column: `15m10s`. */
export function brief(ms: number): string {
  return span(ms).replace(/^(\d+) (d|h|m)(?:in)?(?: (\d+) (h|m|s)(?:in)?)?$/, '$1$2$3$4');
}

/** How long after something began: like `span`, and to the hundredth of a second below ten. */
export function offset(ms: number): string {
  return ms >= 999.5 && ms < 9_950 ? `+${(ms / 1_000).toFixed(2)} s` : `+${brief(ms)}`;
}

/** `12:03:11Z`, and the day too if it is another one than `now`. */
export function clock(ms: number, now: number): string {
  const iso = new Date(ms).toISOString();
  const time = `${iso.slice(11, 19)}Z`;
  return iso.slice(0, 10) === new Date(now).toISOString().slice(0, 10) ? time : `${iso.slice(0, 10)} ${time}`;
}

export function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/** What the services call the reasons for which they try again. */
const reasons: Readonly<Record<string, string>> = {
  unreachable: 'the gateway could not be reached',
  timed_out: 'the gateway did not answer in time',
  rate_limited: 'the gateway asked for patience',
  circuit_open: 'the gateway failed so often that it is not asked for a while',
  too_many_calls: 'too many calls to the gateway were under way',
  error: 'the database refused what it does',
};

/** A list of all that is wrong with a message is for `dead-letters -- show`. */
const LONGEST_REASON = 70;

/** An attempt's error in words, with the service's own word behind. */
export function reasonOf(error: string | undefined): string {
  if (error === undefined) return 'no reason is known';
  const known = reasons[error];
  if (known !== undefined) return `${known} (${error})`;
  if (/^[a-z]+(_[a-z]+)+$/.test(error)) return `the gateway said ${error}`;
  if (error.startsWith('Stripe')) return `the gateway failed (${error})`;
  const smtp = /^SMTP (.+)$/.exec(error)?.[1];
  if (smtp === undefined) return error.length > LONGEST_REASON ? `${error.slice(0, LONGEST_REASON)}…` : error;
  return /^\d+$/.test(smtp) ? `the mail server said ${smtp}` : `the mail server did not answer (${error})`;
}

/** As text of an HTML page. */
export function escaped(text: string): string {
  const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replaceAll(/[&<>"']/g, (one) => names[one]!);
}
