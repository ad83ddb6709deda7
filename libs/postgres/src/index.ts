export { createDataSource, type DataSourceSettings, limitSessions, type Pool, poolOf } from './data-source.ts';
export { BLAME, type Blame, blameOf, DatabaseUnavailable } from './failures.ts';
export { grantSchema, migrate, missingSchema, noWayBack, type Schema } from './schema.ts';
export { autocommit, guarded, type Queryable, type Transaction, transaction } from './transaction.ts';
export type { DataSource, EntityManager, MigrationInterface, QueryRunner } from 'typeorm';
