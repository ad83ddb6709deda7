import { backoff, describeError } from '@cartwheel/primitives';
import type pg from 'pg';
import { BehindPooler, Leader } from './leader.ts';
import type { Channel, OutboxRow } from './outbox-row.ts';
import { Resting } from './resting.ts';
import type { Wake } from './wake.ts';

/**
 * Prevents: a committed message that is never published, and facts of one key that are published out of order.
 * How: one leader per service and channel (a session advisory lock on the very connection that deletes) reads the oldest
 *   rows, publishes them, and deletes them after the broker has confirmed. No transaction is open meanwhile.
 * Promises: 1. delete comes after publish: a crash in between repeats the batch, and the consumers' dedup absorbs that.
 *   2. One leader, `ORDER BY seq`, and for Kafka one all-or-nothing send per read: order per key is commit order.
 *   3. Delete, never "seq > last seen": a number is handed out at INSERT and becomes visible at COMMIT; a high-water mark
 *   lost 28 % of the messages in 8 s.
 *   4. A broker that is away holds up only its own channel, a destination that it refuses only that destination; rows wait.
 *   5. What the broker refuses for good is set aside with its reason, and the rows of its key behind it: nobody else waits.
 *   6. Nothing is published by a session that could not delete it: a database may have become read-only.
 * Costs: one connection per channel, to PostgreSQL itself and not to a pooler; a poll while idle. While a destination rests,
 *   each poll passes over its rows, and a ring does not shorten the wait of the others.
 * Not here: more than one leader (SKIP LOCKED workers reordered 1 600 of 20 000); shards by key hash, when 77k rows/s
 *   are not enough.
 * Proof: relay.int.spec.ts, relay.fault.spec.ts
 */
export type RelayRow = OutboxRow & { readonly seq: string };

/** What became of the rows. Those named nowhere are tried again: at once, if some were confirmed and there is no `failure`. */
export type Published = {
  /** The seqs of those that the broker has. */
  readonly confirmed: readonly string[];
  /** Those that the broker refuses for good, whoever sends them again: too large, invalid, no queue bound. */
  readonly refused?: readonly { readonly seq: string; readonly reason: string }[];
  /** Destinations that the broker refuses as a whole for now: gone, or not for us. Their rows wait. */
  readonly resting?: readonly { readonly destination: string; readonly reason: string }[];
  /** Why rows are named nowhere. The next round waits. */
  readonly failure?: Error;
};

/** Hands rows to a broker. Has its own deadline, well below 30 s. Throws when the broker is away or refused. */
export type Publish = (rows: readonly RelayRow[]) => Promise<Published>;

/** A row that will not be published now. Without a reason nothing is wrong with it: it waits behind one of its key. */
export type KeptRow = { readonly row: RelayRow; readonly reason?: string };

/** Where rows go that are set aside. libs/parking is one. */
export type SetAside = {
  /** SQL, true for a row of `outbox` that must wait because an earlier one of its key is set aside. Left out: none must. */
  readonly isHeld?: string;
  /**
   * Keeps rows, in the transaction that deletes them from the outbox. Returns the seqs of those that it keeps: what a row
   * waited behind may be gone by now.
   */
  keep(tx: pg.ClientBase, rows: readonly KeptRow[]): Promise<readonly string[]>;
};

export type RelayOptions = {
  readonly channel: Channel;
  /** Of PostgreSQL itself: behind a pooler there is no leader. */
  readonly connectionString: string;
  readonly publish: Publish;
  readonly wake: Wake;
  readonly pollIntervalMs: number;
  readonly setAside: SetAside;
  readonly onError?: (error: { errorClass: string; message: string }, attempt: number) => void;
  /** It cannot work as it is configured, and has stopped. */
  readonly onFatal: (reason: string) => void;
};

/**
 * A read is closed by count and by bytes: kafkajs makes one record batch per partition, and the topic's limit bounds the batch.
 * What is held is asked in the same statement: a row that was let go meanwhile stands in the outbox again, before the others.
 */
const read = (isHeld = 'false') => `
  SELECT seq, channel, id, destination, key, type, headers, payload, ${isHeld} AS held,
    current_setting('transaction_read_only')::boolean AS read_only
  FROM (
    SELECT *, row_number() OVER (ORDER BY seq) AS place,
      sum(coalesce(octet_length(payload), 0) + octet_length(headers::text) + 200) OVER (ORDER BY seq) AS bytes
    FROM (SELECT * FROM outbox WHERE channel = $1 AND destination <> ALL($2::text[]) ORDER BY seq LIMIT 500) oldest
  ) outbox
  WHERE bytes <= 900000 OR place = 1
  ORDER BY seq`;

type ReadRow = RelayRow & { readonly held: boolean; readonly read_only: boolean };

const DELETE = 'DELETE FROM outbox WHERE channel = $1 AND seq = ANY($2::bigint[])';

export class OutboxRelay {
  readonly #options: RelayOptions;
  readonly #leader: Leader;
  readonly #resting = new Resting();
  #stopping = false;
  #ringing = true;
  #wakeUp: () => void = () => undefined;
  #loop: Promise<void> | undefined;

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#leader = new Leader(options.channel, options.connectionString);
  }

  start(): void {
    const stopListening = this.#options.wake.onRing(() => {
      this.#ringing = true;
      this.#wakeUp();
    });
    this.#loop = this.#run().finally(stopListening);
  }

  /** Stops after one last flush, if this instance leads. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wakeUp();
    await this.#loop;
    await this.#flush().catch((error: unknown) => this.#options.onError?.(describeError(error), 1));
    await this.#leader.leave();
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#stopping) {
      try {
        await this.#flush();
        failures = 0;
        const { endsInMs } = this.#resting;
        await this.#pause(Math.min(this.#options.pollIntervalMs, endsInMs), { deaf: endsInMs < Infinity });
      } catch (error) {
        if (error instanceof BehindPooler) return this.#options.onFatal(error.message);
        failures += 1;
        this.#options.onError?.(describeError(error), failures);
        await this.#pause(backoff(failures, { baseMs: 200, maxMs: 5_000 }), { deaf: true });
      }
    }
  }

  /** Publishes until the outbox is empty; does nothing while another instance leads. */
  async #flush(): Promise<void> {
    this.#ringing = false;
    const client = await this.#orLeave(this.#leader.take());
    if (!client) return this.#resting.clear();
    for (;;) {
      const leftOut = this.#resting.now();
      const rows = await this.#orLeave(this.#read(client, leftOut));
      if (rows.length === 0) return leftOut.length === 0 ? this.#resting.clear() : undefined;
      const held = rows.filter((row) => row.held);
      if (held.length > 0) {
        const waiting = held.map((row) => ({ row }));
        await this.#orLeave(this.#keep(client, waiting));
        continue;
      }
      const { confirmed, refused = [], resting = [], failure } = await this.#options.publish(rows);
      await this.#orLeave(this.#remove(client, rows, confirmed, refused));
      this.#rest(rows, confirmed, resting);
      if (failure) throw failure;
      // The broker took nothing and refused nothing aloud: the next round is an attempt like any other.
      if (confirmed.length + refused.length + resting.length === 0)
        throw new Error(`${this.#options.channel} confirmed no message`);
    }
  }

  async #read(client: pg.Client, leftOut: readonly string[]): Promise<readonly ReadRow[]> {
    const { channel, setAside } = this.#options;
    const { rows } = await client.query<ReadRow>(read(setAside.isHeld), [channel, leftOut]);
    // What is published now could not be deleted, and would be published again and again.
    if (rows[0]?.read_only) throw new Error('the database is read-only');
    return rows;
  }

  async #remove(
    client: pg.Client,
    rows: readonly RelayRow[],
    confirmed: Published['confirmed'],
    refused: NonNullable<Published['refused']>,
  ) {
    if (confirmed.length > 0) await client.query(DELETE, [this.#options.channel, confirmed]);
    const reasons = new Map(refused.map(({ seq, reason }) => [seq, reason]));
    const kept = rows.flatMap((row) => (reasons.has(row.seq) ? [{ row, reason: reasons.get(row.seq)! }] : []));
    if (kept.length > 0) await this.#keep(client, kept);
  }

  async #keep(client: pg.Client, rows: readonly KeptRow[]): Promise<void> {
    await client.query('BEGIN');
    const kept = await this.#options.setAside.keep(client, rows);
    await client.query(DELETE, [this.#options.channel, kept]);
    await client.query('COMMIT');
  }

  #rest(
    rows: readonly RelayRow[],
    confirmed: readonly string[],
    resting: readonly { readonly destination: string; readonly reason: string }[],
  ): void {
    const taken = new Set(confirmed);
    for (const { seq, destination } of rows) if (taken.has(seq)) this.#resting.end(destination);
    for (const { destination, reason } of resting) {
      const attempt = this.#resting.rest(destination);
      this.#options.onError?.({ errorClass: 'DestinationRefused', message: `${destination}: ${reason}` }, attempt);
    }
  }

  /** A connection on which a statement failed may hold an aborted transaction or an answer still to come: a new one is safe. */
  async #orLeave<T>(statement: Promise<T>): Promise<T> {
    try {
      return await statement;
    } catch (error) {
      await this.#leader.leave();
      throw error;
    }
  }

  /** Waits for a ring, the time, or the end. A deaf pause hears only the end: a ring does not bring a broker back. */
  async #pause(ms: number, { deaf = false } = {}): Promise<void> {
    if (this.#stopping || (this.#ringing && !deaf)) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wakeUp = () => {
        if (deaf && !this.#stopping) return;
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wakeUp = () => undefined;
  }
}
