import type pg from 'pg';
import { DataSource, type EntityTarget, type ObjectLiteral } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { DatabaseUnavailable } from './failures.ts';

export type Pool = pg.Pool;

/**
 * What set-up gives the role of a service for each of its sessions. Not the client, at start-up: a pooler in transaction mode
 * refuses that. `idle_in_transaction_session_timeout` is below `statement_timeout`, because a forgotten transaction holds
 * back vacuum and with it the outbox's scan.
 */
const SESSION_LIMITS = {
  statement_timeout: '30s',
  idle_in_transaction_session_timeout: '20s',
  lock_timeout: '10s',
};

/** The statements that give a role its limits. Needs the rights of who made the role. */
export function limitSessions(role: string): string[] {
  return Object.entries(SESSION_LIMITS).map(([name, value]) => `ALTER ROLE "${role}" SET ${name} = '${value}'`);
}

export type DataSourceSettings = {
  /** What `pg_stat_activity` shows. */
  readonly name: string;
  /** How many connections at most; 10 if left out. */
  readonly max?: number;
  readonly entities?: readonly EntityTarget<ObjectLiteral>[] | undefined;
};

/**
 * TypeORM's data source, not connected yet: its first transaction connects it. Its address may be a pooler's. The sessions'
 * time limits are the role's: `limitSessions`.
 */
export function createDataSource(url: string, { name, max = 10, entities = [] }: DataSourceSettings): DataSource {
  return new DataSource({
    type: 'postgres',
    url,
    entities: [...entities] as never,
    // Set-up migrates, as administrator. A service may not.
    synchronize: false,
    migrationsRun: false,
    installExtensions: false,
    logging: false,
    applicationName: name,
    poolSize: max,
    connectTimeoutMS: 5_000,
    // A connection that dies while idle would end the process. The next statement reports it anyway.
    poolErrorHandler: () => undefined,
    // The server's own time-outs do not help against a network that has gone silent.
    extra: { keepAlive: true, query_timeout: 35_000 },
  });
}

const connecting = new WeakMap<DataSource, Promise<unknown>>();

/** Connects a data source that nobody has connected. @throws while the database is away; then the next call tries again */
export async function connected(dataSource: DataSource): Promise<void> {
  if (dataSource.isInitialized) return;
  // TypeORM refuses a second `initialize` beside the first.
  const first = connecting.get(dataSource) ?? dataSource.initialize().finally(() => connecting.delete(dataSource));
  connecting.set(dataSource, first);
  await first;
}

const watched = new WeakSet<object>();

/** The pool below a data source, for statements that need no transaction. @throws DatabaseUnavailable before it is connected */
export function poolOf(dataSource: DataSource): Pool {
  const pool = (dataSource.driver as PostgresDriver).master as Pool | undefined;
  if (!pool || !dataSource.isInitialized) throw new DatabaseUnavailable('not connected to the database yet');
  if (watched.has(pool)) return pool;
  watched.add(pool);
  // A connection that dies while somebody holds it between two statements would end the process, too.
  pool.on('acquire', (client) => {
    if (!watched.has(client)) client.on('error', () => undefined);
    watched.add(client);
  });
  return pool;
}
