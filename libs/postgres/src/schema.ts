import type { Queryable } from './transaction.ts';

/**
 * The tables one library or service owns. `versions[n]` is the DDL that leads from version n to n + 1: once released it is
 * never edited, only followed. `grants` says all that the service's role may do with each table; what is not listed is
 * not allowed.
 */
export type Schema = {
  readonly name: string;
  readonly versions: readonly string[];
  readonly grants: Readonly<Record<string, string>>;
};

const VERSIONS_TABLE = `
  CREATE TABLE IF NOT EXISTS schema_versions (
    name text NOT NULL, version int NOT NULL, applied_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT schema_versions_pk PRIMARY KEY (name, version))`;

/** Applies what is missing. Needs the rights of the schema's owner. Returns how many versions were new. */
export async function applySchema(tx: Queryable, schema: Schema): Promise<number> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtext('cartwheel.schema'))`);
  await tx.query(VERSIONS_TABLE);
  const done = await appliedVersion(tx, schema.name);
  for (const [index, ddl] of schema.versions.entries()) {
    if (index < done) continue;
    await tx.query(ddl);
    await tx.query('INSERT INTO schema_versions (name, version) VALUES ($1, $2)', [schema.name, index + 1]);
  }
  return schema.versions.length - done;
}

/** Gives `role` exactly the rights that the schema lists. */
export async function grantSchema(tx: Queryable, schema: Schema, role: string): Promise<void> {
  for (const [table, rights] of Object.entries(schema.grants)) {
    await tx.query(`REVOKE ALL ON ${table} FROM "${role}"`);
    await tx.query(`GRANT ${rights} ON ${table} TO "${role}"`);
  }
  await tx.query(`GRANT SELECT ON schema_versions TO "${role}"`);
}

/** The names of the schemas that set-up has not brought to this program's version: what a service says at boot. */
export async function missingSchema(db: Queryable, schemas: readonly Schema[]): Promise<string[]> {
  const [present] = await db.query<{ present: boolean }>(
    `SELECT to_regclass('schema_versions') IS NOT NULL AS present`,
  );
  if (!present?.present) return schemas.map(({ name }) => name);
  const missing: string[] = [];
  for (const schema of schemas) {
    if ((await appliedVersion(db, schema.name)) < schema.versions.length) missing.push(schema.name);
  }
  return missing;
}

async function appliedVersion(db: Queryable, name: string): Promise<number> {
  const [row] = await db.query<{ version: number }>(
    'SELECT coalesce(max(version), 0)::int AS version FROM schema_versions WHERE name = $1',
    [name],
  );
  return row?.version ?? 0;
}
