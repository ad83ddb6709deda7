import { type Delivery, typeOf, versionOf } from '@cartwheel/messages';
import { autocommit, type DataSource, type Queryable } from '@cartwheel/postgres';

/** A type that somebody has a handler for, in a version that they can read. */
export type Handled = { readonly type: string; readonly version: number };

/**
 * Prevents: an instance of yesterday that skips what only today's handle, or gives it up, and moves the group's offset past it.
 * How: every instance writes down what it handles before it consumes, and again every few seconds. Who meets a message that it
 *   has no handler for, or cannot read for its version, asks whether somebody has said so within the last minute.
 * Promises: 1. a message that somebody handles is parked by those who do not, and its key with it. 2. A minute after the last
 *   such instance has gone, the message is skipped as any other that nobody handles; one that a handler has failed on is not.
 *   3. Who could not write for a while believes what is older: the others could not either.
 * Costs: a look-up for each chunk that holds a type without a handler. It is never remembered: the next chunk may come after
 *   an instance that has just said what it handles.
 * Not here: a message that was read before the first new instance had written anything. It is nobody's, as it would have been a
 *   second earlier: deploy who reads before who writes.
 * Proof: rolling-deployment.int.spec.ts
 */
export class HandledTypes {
  readonly #dataSource: DataSource;
  readonly #consumer: string;
  readonly #validMs: number;
  #announcedAt = -Infinity;
  /** Since when this instance has announced without a gap. */
  #steadySince = Infinity;

  constructor(dataSource: DataSource, consumer: string, validMs = VALID_MS) {
    this.#dataSource = dataSource;
    this.#consumer = consumer;
    this.#validMs = validMs;
  }

  /** Says what this instance handles. @throws DatabaseUnavailable */
  async announce(handled: readonly Handled[]): Promise<void> {
    const db = autocommit(this.#dataSource);
    await db.query(
      `INSERT INTO handled_types (consumer, type, version)
       SELECT $1, type, version FROM unnest($2::text[], $3::int[]) AS h(type, version) ORDER BY type, version
       ON CONFLICT (consumer, type, version) DO UPDATE SET seen_at = clock_timestamp()`,
      [this.#consumer, handled.map(({ type }) => type), handled.map(({ version }) => version)],
    );
    const now = performance.now();
    if (now - this.#announcedAt > this.#validMs) this.#steadySince = now;
    this.#announcedAt = now;
  }

  /** Those of these deliveries whose type and version some instance has said to handle. Ask only about what this one does not. */
  async handledElsewhere(db: Queryable, deliveries: readonly Delivery[]): Promise<Set<Delivery>> {
    const types = [...new Set(deliveries.flatMap((delivery) => typeOf(delivery) ?? []))];
    if (types.length === 0) return new Set();
    const handled = await db.query<Handled>(
      `SELECT type, version FROM handled_types
       WHERE consumer = $1 AND type = ANY($2) AND seen_at > clock_timestamp() - $3 * interval '1 ms'`,
      [this.#consumer, types, this.#isSteady() ? this.#validMs : LONG_AGO_MS],
    );
    const isHandled = (delivery: Delivery) =>
      handled.some(({ type, version }) => type === typeOf(delivery) && version === versionOf(delivery));
    return new Set(deliveries.filter(isHandled));
  }

  #isSteady(): boolean {
    const now = performance.now();
    return now - this.#announcedAt <= this.#validMs && now - this.#steadySince >= this.#validMs;
  }
}

/** Long enough for a database that was away for a moment. */
const VALID_MS = 60_000;
/** What an instance said so long ago was said by none that still runs. */
const LONG_AGO_MS = 3_600_000;
/** How often an instance repeats what it handles. */
export const ANNOUNCE_EVERY_MS = 10_000;

/** Other instances of this consumer can do it, this one cannot: it waits for one of them. */
export class HandledElsewhere extends Error {
  override readonly name = 'HandledElsewhere';

  constructor() {
    super('this instance is too old for this message, others of its group are not');
  }
}
