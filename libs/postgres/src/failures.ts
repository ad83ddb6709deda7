import { Transient } from '@cartwheel/primitives';

/**
 * Whose fault it is that a statement failed.
 * - `database`: it is away, full, or not to be written to. Repeated without limit; counts as nobody's attempt.
 * - `code`: the same statement fails in the same way again. Counts against the message, at once.
 * - `either`: the database lives, and the statement lost a race or took too long. Chance repeats itself a few times at most;
 *   what goes on failing like this is the code's.
 */
export type Blame = 'database' | 'either' | 'code';

/**
 * The database, not the code that used it, is why this did not work. Its `blame` says for how long to believe that: who
 * repeats without limit, of an `either`, waits for ever for a bug to go away.
 */
export class DatabaseUnavailable extends Transient {
  override readonly name = 'DatabaseUnavailable';
  readonly blame: Exclude<Blame, 'code'>;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.blame = blameOf(options?.cause) === 'either' ? 'either' : 'database';
  }
}

/**
 * By SQLSTATE or the beginning of one; the longest that fits decides, and what none fits is the code's.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export const BLAME: readonly (readonly [sqlState: string, blame: Blame, reason: string])[] = [
  ['08', 'database', 'the connection is lost, or none is to be had'],
  ['08P01', 'code', 'a protocol violation: a statement with more or fewer parameters than it names'],
  ['25006', 'database', 'a session that may only read: a standby, or a primary that somebody has closed for writing'],
  [
    '25P03',
    'database',
    'the session was idle in a transaction for longer than any handler may take: the process was frozen',
  ],
  ['25P04', 'database', 'the transaction was longer than the server allows, as above'],
  ['40001', 'either', 'a serialization conflict: somebody else was first'],
  ['40003', 'database', 'the connection went while the statement ran: its end is not known'],
  ['40P01', 'either', 'a deadlock: by chance, or because rows are not locked in one order'],
  ['53', 'database', 'no disk, no memory, no connection left'],
  ['55006', 'either', 'an object is in use: somebody works on the schema'],
  ['55P03', 'either', 'a lock that was not to be had in time: somebody holds it for long, or for ever'],
  ['57', 'database', 'an operator intervenes: shutdown, crash of a neighbour, start-up, database dropped'],
  ['57014', 'either', 'cancelled, mostly by statement_timeout: the machine is slow, or the statement is'],
  ['58', 'database', 'the system around PostgreSQL: a file that cannot be read or written'],
  ['XX', 'either', 'an internal error: a broken page, or a statement that trips over a bug'],
];

/**
 * Whose fault an error is that a query threw. One without an SQLSTATE is the database's (node-pg's next error after a killed
 * connection has none, a socket's has a name), unless its class says that the caller passed nonsense.
 */
export function blameOf(error: unknown): Blame {
  if (error instanceof DatabaseUnavailable) return error.blame;
  if (!(error instanceof Error)) return 'code';
  const state = sqlStateOf(error);
  if (state === undefined) {
    const isNonsense = error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError;
    return isNonsense ? 'code' : 'database';
  }
  const fitting = BLAME.filter(([beginning]) => state.startsWith(beginning));
  return fitting.toSorted(([a], [b]) => b.length - a.length)[0]?.[1] ?? 'code';
}

/** A session that may only read goes on being one when the server may be written to again: it must not be used any more. */
export function isReadOnlySession(error: unknown): boolean {
  return sqlStateOf(error) === '25006';
}

/** The first two characters are a class that PostgreSQL has: `EPIPE` looks like an SQLSTATE and is a socket's error. */
function sqlStateOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' && /^(?:[0-9][0-9A-Z]|F0|HV|P0|XX)[0-9A-Z]{3}$/.test(code) ? code : undefined;
}
