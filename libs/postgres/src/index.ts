export { BLAME, type Blame, blameOf, DatabaseUnavailable } from './failures.ts';
export { createPool, limitSessions, type Pool } from './pool.ts';
export { applySchema, grantSchema, missingSchema, type Schema } from './schema.ts';
export { autocommit, type Queryable, transaction } from './transaction.ts';
