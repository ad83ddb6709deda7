/** The attempt failed, the next one may not: the outside was away, slow or busy. A task never uses up attempts by it. */
export class Transient extends Error {
  override readonly name: string = 'Transient';
}

/** No further attempt will help; a person has to look. */
export class Permanent extends Error {
  override readonly name: string = 'Permanent';
}

/**
 * The request asks for something the business does not allow. `code` is stable and listed in docs/reference/errors.md;
 * `status` is the HTTP status that says the same.
 */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  readonly code: string;
  readonly status: number;
  readonly errors: readonly { path: string; message: string }[] | undefined;

  constructor(code: string, detail: string, status = 422, errors?: readonly { path: string; message: string }[]) {
    super(detail);
    this.code = code;
    this.status = status;
    this.errors = errors;
  }
}

/**
 * Class and message of anything that was thrown, safe to store in PostgreSQL (no NUL, no half characters, bounded length) and
 * to show: without what the message quotes.
 */
export function describeError(error: unknown): { errorClass: string; message: string; stack: string } {
  // `String`: anybody may have written anything into these fields.
  const clean = (text: unknown, length: number) => String(text).replaceAll('\0', '').slice(0, length).toWellFormed();
  if (!(error instanceof Error))
    return { errorClass: typeof error, message: clean(unquoted(String(error)), 1_000), stack: '' };
  const errorClass = clean(error.name, 200);
  const message = clean([unquoted(String(error.message)), placeIn(error)].filter(Boolean).join(' '), 1_000);
  const frames = /(?:^ {4}at .*\n?)+/m.exec(String(error.stack ?? ''))?.[0] ?? '';
  return { errorClass, message, stack: clean(`${errorClass}: ${message}\n${frames}`, 8_000) };
}

/** 13 to 19 digits, alone or in groups. */
const LIKE_A_CARD = /\b\d(?:[ -]?\d){12,18}\b/g;
const LIKE_AN_ADDRESS = /[\p{L}\p{N}._%+-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+/gu;

/**
 * A library's error quotes what it choked on: `"Ada" is not valid JSON`, `Key (email)=(ada@example.com) already exists`. So
 * whatever stands in quotes goes, from the first to the last, and what looks like an address or a card number.
 */
export function unquoted(text: string): string {
  return text
    .replace(/"[^]*"/, '"…"')
    .replaceAll(/(?<!\p{L})(['`])(?:(?!\1)[^])+\1(?!\p{L})/gu, '$1…$1')
    .replaceAll(/\)=\([^)]*\)/g, ')=(…)')
    .replaceAll(LIKE_AN_ADDRESS, '…@…')
    .replaceAll(LIKE_A_CARD, (digits) => (isCard(digits) ? '…' : digits));
}

/** By Luhn's sum, which one in ten other numbers has too. */
function isCard(digits: string): boolean {
  const values = [...digits.replaceAll(/\D/g, '')].toReversed().map(Number);
  const sum = values.reduce(
    (total, digit, at) => total + (at % 2 === 0 ? digit : ((digit * 2) % 10) + Math.floor(digit / 5)),
    0,
  );
  return sum % 10 === 0;
}

/** PostgreSQL says beside its text what that is about: in names of ours, never in values. */
function placeIn(error: object): string {
  const { code, table, column, constraint } = error as Readonly<Record<string, unknown>>;
  if (typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code)) return '';
  const names = [table, column, constraint].filter((name) => typeof name === 'string');
  return `(${[code, ...names].join(' ')})`;
}
