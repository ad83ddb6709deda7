import pg from 'pg';

export type Pool = pg.Pool;

/**
 * A connection pool. `idle_in_transaction_session_timeout` is below `statement_timeout`, because a forgotten transaction
 * holds back vacuum and with it the outbox's scan.
 */
export function createPool(connectionString: string, { name, max = 10 }: { name: string; max?: number }): Pool {
  const pool = new pg.Pool({
    connectionString,
    application_name: name,
    max,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    // The server's own time-outs do not help against a network that has gone silent.
    query_timeout: 35_000,
    options: '-c statement_timeout=30000 -c idle_in_transaction_session_timeout=20000 -c lock_timeout=10000',
  });
  // Without a listener, a connection that dies while idle would end the process. The next query reports it anyway.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}
