import { type MigrationInterface, noWayBack, type QueryRunner, type Schema } from '@cartwheel/postgres';
import { createHash } from 'node:crypto';

/** The tables of a test: a migration for each statement. */
export function ddl(...statements: string[]): Schema['migrations'] {
  return statements.map((sql, index) => {
    const what = createHash('sha256').update(sql).digest('hex').slice(0, 8);
    return class implements MigrationInterface {
      readonly name = `Ddl_${what}_${1_900_000_000_000 + index}`;
      up = (db: QueryRunner): Promise<unknown> => db.query(sql);
      down = noWayBack;
    };
  });
}
