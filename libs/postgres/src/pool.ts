import pg from 'pg';

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

/** A connection pool. Its address may be a pooler's. The sessions' time limits are the role's: `limitSessions`. */
export function createPool(connectionString: string, { name, max = 10 }: { name: string; max?: number }): Pool {
  const pool = new pg.Pool({
    connectionString,
    application_name: name,
    max,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    // The server's own time-outs do not help against a network that has gone silent.
    query_timeout: 35_000,
  });
  // Without a listener, a connection that dies while idle would end the process. The next query reports it anyway.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}
