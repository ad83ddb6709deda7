import pg from 'pg';
import type { Channel } from './outbox-row.ts';

const LOCK_CLASS = 0x0b0b;
const LOCK_OF = { kafka: 1, rabbitmq: 2, 'dead-letters': 3 } as const;

/**
 * A frozen leader must lose its lock: the server ends a session that has been silent for longer than any send may take. Set
 * by a statement and not at start-up, where a pooler would refuse the connection before we can say what is wrong with it.
 */
const SETTINGS = `SELECT set_config('idle_session_timeout', '30000', false), set_config('statement_timeout', '10000', false),
  set_config('idle_in_transaction_session_timeout', '5000', false)`;

/**
 * The connection leads through a pooler. In its transaction mode each statement may run on another session of the server: the
 * lock stays behind there when we are gone, and two relays took it at once.
 */
export class BehindPooler extends Error {
  override readonly name = 'BehindPooler';

  constructor() {
    super(
      'the relay was given the address of a connection pooler, behind which it cannot hold the lock of its leader: ' +
        'set DATABASE_DIRECT_URL to an address of PostgreSQL itself (DATABASE_URL may stay, docs/howto/pgbouncer.md)',
    );
  }
}

/**
 * The connection of the relay that leads its channel: a session advisory lock on the very connection that deletes, so that
 * who loses the one loses the other.
 */
export class Leader {
  readonly #channel: Channel;
  readonly #connectionString: string;
  #client: pg.Client | undefined;
  #leading = false;

  constructor(channel: Channel, connectionString: string) {
    this.#channel = channel;
    this.#connectionString = connectionString;
  }

  /** The leader's connection; undefined while another instance leads. @throws BehindPooler */
  async take(): Promise<pg.Client | undefined> {
    const client = this.#client ?? (await this.#connect());
    if (!this.#leading) {
      const key = [LOCK_CLASS, LOCK_OF[this.#channel]];
      const { rows } = await client.query<{ leads: boolean }>('SELECT pg_try_advisory_lock($1, $2) AS leads', key);
      this.#leading = rows[0]?.leads ?? false;
    }
    return this.#leading ? client : undefined;
  }

  /** Leads no more. */
  async leave(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    this.#leading = false;
    await client?.end().catch(() => undefined);
  }

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.#connectionString,
      application_name: `relay:${this.#channel}`,
      connectionTimeoutMillis: 5_000,
      query_timeout: 10_000,
      keepAlive: true,
    });
    const lost = () => {
      if (this.#client !== client) return;
      this.#client = undefined;
      this.#leading = false;
    };
    client.on('error', lost);
    client.on('end', lost);
    await client.connect();
    this.#client = client;
    // A pooler makes up the process id that it tells its clients: PostgreSQL tells the one that the statement runs in.
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    if (rows[0]!.pid !== (client as unknown as { processID: number }).processID) throw new BehindPooler();
    await client.query(SETTINGS);
    return client;
  }
}
