import { Transient } from '@cartwheel/primitives';

/** The database, not the code that used it, is why this did not work. Repeated without limit; counts as nobody's attempt. */
export class DatabaseUnavailable extends Transient {
  override readonly name = 'DatabaseUnavailable';
}

const RETRYABLE = ['25006', '25P03', '57014', '55P03', '40001', '40P01'];
const RETRYABLE_CLASSES = ['08', '57P', '53', '58', 'XX'];

/**
 * Whether an error that a query threw is the database's own: a lost connection, a deadlock, a time-out, no room.
 * An error without an SQLSTATE is one too (node-pg's next error after a killed connection has none), unless its class
 * says that the caller passed nonsense.
 */
export function isDatabaseFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (/^[0-9A-Z]{5}$/.test(code))
    return RETRYABLE.includes(code) || RETRYABLE_CLASSES.some((prefix) => code.startsWith(prefix));
  return !(error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError);
}
