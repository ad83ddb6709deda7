/** The service's database, as a `Queryable`: for reads that need no transaction. */
export const DATABASE = Symbol('database');
