import { backoff, describeError } from '@cartwheel/primitives';
import pg from 'pg';
import type { OutboxRow } from './outbox-row.ts';
import type { Wake } from './wake.ts';

/**
 * Prevents: a committed message that is never published, and facts of one key that are published out of order.
 * How: one leader per service and channel (a session advisory lock on the very connection that deletes) reads the oldest
 *   rows, publishes them, and deletes them after the broker has confirmed. No transaction is open meanwhile.
 * Promises: 1. delete comes after publish: a crash in between repeats the batch, and the consumers' dedup absorbs that.
 *   2. One leader, `ORDER BY seq`, and for Kafka one all-or-nothing send per read: order per key is commit order.
 *   3. Delete, never "seq > last seen": a number is handed out at INSERT and becomes visible at COMMIT; a high-water mark
 *   lost 28 % of the messages in 8 s.
 *   4. A broker that is away holds up only its own channel; rows wait.
 * Costs: one connection per channel; a poll while idle.
 * Not here: more than one leader (SKIP LOCKED workers reordered 1 600 of 20 000); shards by key hash, when 77k rows/s
 *   are not enough.
 * Proof: relay.int.spec.ts, relay.fault.spec.ts
 */
export type RelayRow = OutboxRow & { readonly seq: string };

/** What became of the rows. Those named nowhere are tried again. */
export type Published = {
  readonly confirmed: readonly string[];
  /** No queue is bound for them: set aside, so that they do not hold up the rows behind them. */
  readonly unroutable?: readonly string[];
};

/** Hands rows to a broker. Has its own deadline, well below 30 s. Throws when the broker is away or refused. */
export type Publish = (rows: readonly RelayRow[]) => Promise<Published>;

export type RelayOptions = {
  readonly channel: 'kafka' | 'rabbitmq';
  readonly connectionString: string;
  readonly publish: Publish;
  readonly wake: Wake;
  readonly pollIntervalMs: number;
  /** Keeps unroutable rows for a person. Runs in the transaction that deletes them. */
  readonly setAside?: (tx: pg.ClientBase, rows: readonly RelayRow[]) => Promise<void>;
  readonly onError?: (error: { errorClass: string; message: string }, attempt: number) => void;
};

/** A row is closed by count and by bytes: kafkajs makes one record batch per partition, and the topic's limit bounds the batch. */
const READ = `
  SELECT seq, channel, id, destination, key, type, headers, payload FROM (
    SELECT *, row_number() OVER (ORDER BY seq) AS place,
      sum(coalesce(octet_length(payload), 0) + octet_length(headers::text) + 200) OVER (ORDER BY seq) AS bytes
    FROM (SELECT * FROM outbox WHERE channel = $1 ORDER BY seq LIMIT 500) oldest
  ) measured
  WHERE bytes <= 900000 OR place = 1
  ORDER BY seq`;

const DELETE = 'DELETE FROM outbox WHERE channel = $1 AND seq = ANY($2::bigint[])';

const LOCK_CLASS = 0x0b0b;
const LOCK_OF = { kafka: 1, rabbitmq: 2 } as const;

export class OutboxRelay {
  readonly #options: RelayOptions;
  #client: pg.Client | undefined;
  #leading = false;
  #stopping = false;
  #ringing = true;
  #wakeUp: () => void = () => undefined;
  #loop: Promise<void> | undefined;

  constructor(options: RelayOptions) {
    this.#options = options;
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
    await this.#disconnect();
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#stopping) {
      try {
        await this.#flush();
        failures = 0;
        await this.#pause(this.#options.pollIntervalMs);
      } catch (error) {
        failures += 1;
        this.#options.onError?.(describeError(error), failures);
        await this.#pause(backoff(failures, { baseMs: 200, maxMs: 5_000 }), { deaf: true });
      }
    }
  }

  /** Publishes until the outbox is empty; does nothing while another instance leads. */
  async #flush(): Promise<void> {
    this.#ringing = false;
    const client = await this.#connect();
    if (!(await this.#orDisconnect(this.#lead(client)))) return;
    for (;;) {
      const { rows } = await this.#orDisconnect(client.query<RelayRow>(READ, [this.#options.channel]));
      if (rows.length === 0) return;
      const { confirmed, unroutable = [] } = await this.#options.publish(rows);
      await this.#orDisconnect(this.#remove(client, rows, confirmed, unroutable));
      // The broker took nothing and refused nothing aloud: the next round is an attempt like any other.
      if (confirmed.length + unroutable.length === 0) throw new Error(`${this.#options.channel} confirmed no message`);
    }
  }

  async #remove(
    client: pg.Client,
    rows: readonly RelayRow[],
    confirmed: readonly string[],
    unroutable: readonly string[],
  ) {
    const { channel } = this.#options;
    if (confirmed.length > 0) await client.query(DELETE, [channel, confirmed]);
    if (unroutable.length === 0) return;
    await client.query('BEGIN');
    await this.#options.setAside?.(
      client,
      rows.filter((row) => unroutable.includes(row.seq)),
    );
    await client.query(DELETE, [channel, unroutable]);
    await client.query('COMMIT');
  }

  /** A connection on which a statement failed may hold an aborted transaction or an answer still to come: a new one is safe. */
  async #orDisconnect<T>(statement: Promise<T>): Promise<T> {
    try {
      return await statement;
    } catch (error) {
      await this.#disconnect();
      throw error;
    }
  }

  async #lead(client: pg.Client): Promise<boolean> {
    if (this.#leading) return true;
    const key = [LOCK_CLASS, LOCK_OF[this.#options.channel]];
    const { rows } = await client.query<{ leads: boolean }>('SELECT pg_try_advisory_lock($1, $2) AS leads', key);
    this.#leading = rows[0]?.leads ?? false;
    return this.#leading;
  }

  async #connect(): Promise<pg.Client> {
    if (this.#client) return this.#client;
    const client = new pg.Client({
      connectionString: this.#options.connectionString,
      application_name: `relay:${this.#options.channel}`,
      connectionTimeoutMillis: 5_000,
      query_timeout: 10_000,
      keepAlive: true,
      // A frozen leader must lose its lock: the server ends a session that has been silent for longer than any send may take.
      options: '-c idle_session_timeout=30000 -c statement_timeout=10000 -c idle_in_transaction_session_timeout=5000',
    });
    const lost = () => {
      if (this.#client === client) this.#client = undefined;
      this.#leading = false;
    };
    client.on('error', lost);
    client.on('end', lost);
    await client.connect();
    this.#client = client;
    return client;
  }

  async #disconnect(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    this.#leading = false;
    await client?.end().catch(() => undefined);
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
