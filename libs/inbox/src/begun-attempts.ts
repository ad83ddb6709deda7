import type { Delivery } from '@cartwheel/messages';
import { autocommit, type DataSource } from '@cartwheel/postgres';
import { placeOf } from './fact-message.ts';

/**
 * Prevents: a message that kills its process, and is tried for ever by the process that comes after it.
 * How: what is begun is on record, committed, before it runs, and crossed out when it ends. Who finds a record of what it
 *   is about to begin knows how often somebody died over it.
 * Promises: 1. the record is in the database: it counts for every instance. 2. In steady state nothing is written: a process
 *   records a chunk only when it has not just done the one before it. Who dies over a later one finds it to be the first one
 *   at the next start.
 * Costs: two statements per partition and start, per retry of a parked message, and per message of a chunk that has killed.
 *   A process that is killed for another reason leaves a record too, and is taken for one that died of the message: such a
 *   message is parked, and tried again.
 * Not here: tasks, whose attempts are on record anyway (task-attempts.ts).
 * Proof: deaths.fault.spec.ts
 */
export class BegunAttempts {
  readonly #dataSource: DataSource;
  readonly #consumer: string;
  /** What this very process has begun, by place, and how many had died over it before. It lives. */
  readonly #own = new Map<string, Map<string, number>>();
  /** Up to which offset this process has done a partition. */
  readonly #doneUpTo = new Map<string, string>();

  constructor(dataSource: DataSource, consumer: string) {
    this.#dataSource = dataSource;
    this.#consumer = consumer;
  }

  /** How many processes died over the chunk that begins with `first`. @throws DatabaseUnavailable */
  async beginChunk(first: Delivery): Promise<number> {
    const place = placeOf(first);
    const doneUpTo = this.#doneUpTo.get(place);
    return isNext(doneUpTo, first.offset) ? 0 : this.begin(place, `chunk ${first.offset}`);
  }

  /** Crosses out all that is begun in a partition. All up to `last` is done, if it says so. */
  async endChunk(place: string, last?: Delivery): Promise<void> {
    // The database is away: the record of a chunk that is done is met by nobody, and the next chunk is put on record too.
    if (this.#own.has(place) && !(await this.end(place))) return;
    if (last) this.#doneUpTo.set(place, last.offset ?? '');
  }

  /** How many processes began `what` at this place and died over it. @throws DatabaseUnavailable */
  async begin(place: string, what: string): Promise<number> {
    const own = this.#own.get(place)?.get(what);
    if (own !== undefined) return own;
    const [row] = await autocommit(this.#dataSource).query<{ begun: number }>(
      `INSERT INTO begun_attempts (consumer, place, what) VALUES ($1, $2, $3)
       ON CONFLICT (consumer, place, what) DO UPDATE SET begun = begun_attempts.begun + 1, begun_at = now() RETURNING begun`,
      [this.#consumer, place, what],
    );
    const deaths = row!.begun - 1;
    this.#own.set(place, (this.#own.get(place) ?? new Map<string, number>()).set(what, deaths));
    return deaths;
  }

  /** It ended, well or badly; without `what`, everything at this place did. False: that could not be written down. */
  async end(place: string, what?: string): Promise<boolean> {
    try {
      await autocommit(this.#dataSource).query(
        'DELETE FROM begun_attempts WHERE consumer = $1 AND place = $2 AND what = coalesce($3, what)',
        [this.#consumer, place, what ?? null],
      );
    } catch {
      return false;
    }
    if (what === undefined) this.#own.delete(place);
    else this.#own.get(place)?.delete(what);
    return true;
  }
}

function isNext(doneUpTo = '', offset = ''): boolean {
  const areNumbers = /^\d+$/.test(doneUpTo) && /^\d+$/.test(offset);
  return areNumbers && BigInt(offset) === BigInt(doneUpTo) + 1n;
}

/** After so many deaths over a chunk its messages are done one at a time, each on record. */
export const CHUNK_DEATHS = 2;

/** Nobody saw the error: the process that had this message in hand is gone. */
export class ProcessDied extends Error {
  override readonly name = 'ProcessDied';

  constructor(deaths: number) {
    super(deaths === 1 ? 'a process ended with this message in hand' : `${deaths} processes ended over this message`);
  }
}
