import { DataSource, MigrationExecutor, type MigrationInterface } from 'typeorm';
import type { Queryable } from './transaction.ts';

/**
 * The tables that one library or service owns. A migration that was released is never edited, only followed. `grants` says
 * all that the service's role may do with each table; what is not listed is not allowed.
 */
export type Schema = {
  readonly name: string;
  readonly migrations: readonly (new () => MigrationInterface)[];
  readonly grants: Readonly<Record<string, string>>;
};

const TABLE = 'schema_migrations';
/** A statement that waits for a table holds up everybody behind it. */
const LOCK_TIMEOUT_MS = 10_000;

/**
 * Runs the migrations that are missing, each in a transaction of its own. Two set-ups at once take turns, for which TypeORM
 * has nothing. Needs the rights of the tables' owner. Returns how many ran.
 */
export async function migrate(url: string, schemas: readonly Schema[]): Promise<number> {
  const migrations = schemas.flatMap((schema) => schema.migrations);
  const dataSource = new DataSource({
    type: 'postgres',
    url,
    migrations: migrations as never,
    migrationsTableName: TABLE,
    installExtensions: false,
    applicationName: 'set-up',
    poolSize: 1,
  });
  await dataSource.initialize();
  try {
    const runner = dataSource.createQueryRunner();
    await runner.query('SELECT pg_advisory_lock($1)', [LOCK]);
    await runner.query(`SET lock_timeout = ${LOCK_TIMEOUT_MS}`);
    const executor = new MigrationExecutor(dataSource, runner);
    executor.transaction = 'each';
    await executor.getExecutedMigrations();
    await adoptVersions(runner, schemas);
    return (await executor.executePendingMigrations()).length;
  } finally {
    // The lock goes with the session.
    await dataSource.destroy();
  }
}

/** Of set-ups. Any number that nobody else uses. */
const LOCK = 762_143;

/** Before TypeORM each schema had a number. The tables of such a database are there: its migrations count as done. */
async function adoptVersions(runner: { query(sql: string): Promise<unknown> }, schemas: readonly Schema[]) {
  const [old] = (await runner.query(`SELECT to_regclass('schema_versions') IS NOT NULL AS "isThere"`)) as {
    isThere: boolean;
  }[];
  if (!old?.isThere) return;
  const done = (await runner.query('SELECT name, max(version) AS version FROM schema_versions GROUP BY name')) as {
    name: string;
    version: number;
  }[];
  const names = done.flatMap(({ name, version }) =>
    (schemas.find((schema) => schema.name === name)?.migrations ?? []).slice(0, version).map(nameOf),
  );
  const rows = names.map((name) => `(${name.slice(-13)}, '${name}')`);
  await runner.query(
    `BEGIN; ${rows.length > 0 ? `INSERT INTO ${TABLE} (timestamp, name) VALUES ${rows.join(', ')};` : ''}
     DROP TABLE schema_versions; COMMIT`,
  );
}

/** Gives `role` exactly the rights that the schema lists. Inside a transaction: two set-ups at once take turns. */
export async function grantSchema(tx: Queryable, schema: Schema, role: string): Promise<void> {
  await tx.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
  for (const [table, rights] of Object.entries(schema.grants)) {
    await tx.query(`REVOKE ALL ON ${table} FROM "${role}"`);
    await tx.query(`GRANT ${rights} ON ${table} TO "${role}"`);
  }
  await tx.query(`GRANT SELECT ON ${TABLE} TO "${role}"`);
}

/** The names of the schemas of which the database lacks a migration: what a service says at boot. */
export async function missingSchema(db: Queryable, schemas: readonly Schema[]): Promise<string[]> {
  // A set-up that was broken off has made the table, and not given the right to read it.
  const [table] = await db.query<{ mayRead: boolean | null }>(
    `SELECT has_table_privilege(to_regclass('${TABLE}'), 'SELECT') AS "mayRead"`,
  );
  const rows = table?.mayRead ? await db.query<{ name: string }>(`SELECT name FROM ${TABLE}`) : [];
  const done = new Set(rows.map(({ name }) => name));
  return schemas.filter(({ migrations }) => migrations.some((one) => !done.has(nameOf(one)))).map(({ name }) => name);
}

/** As TypeORM keeps it: with the thirteen digits of its time at the end. */
function nameOf(migration: new () => MigrationInterface): string {
  return new migration().name ?? migration.name;
}

/** The `down` of a migration here: what a service wrote since would be lost. A mistake is mended by the next migration. */
export function noWayBack(): Promise<never> {
  return Promise.reject(new Error('migrations go forward only (docs/decisions/0119): write one that mends it'));
}
