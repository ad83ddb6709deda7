/** The attempt failed, the next one may not: the outside was away, slow or busy. A task never uses up attempts by it. */
export class Transient extends Error {
  override readonly name: string = 'Transient';
}

/** No further attempt will help; a person has to look. */
export class Permanent extends Error {
  override readonly name: string = 'Permanent';
}

/**
 * The request asks for something the business does not allow. `code` is stable and listed in docs/errors.md;
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

/** Class and message of anything that was thrown, safe to store in PostgreSQL: no NUL, no half characters, bounded length. */
export function describeError(error: unknown): { errorClass: string; message: string; stack: string } {
  // `String`: anybody may have written anything into these fields.
  const clean = (text: unknown, length: number) => String(text).replaceAll('\0', '').slice(0, length).toWellFormed();
  if (!(error instanceof Error)) return { errorClass: typeof error, message: clean(error, 1_000), stack: '' };
  return {
    errorClass: clean(error.name, 200),
    message: clean(error.message, 1_000),
    stack: clean(error.stack ?? '', 8_000),
  };
}
