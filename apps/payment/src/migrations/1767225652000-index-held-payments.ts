import { type MigrationInterface, noWayBack, type QueryRunner } from '@cartwheel/postgres';

/** What holds money, or is about to: few rows, also when there are millions of payments. For GET /metrics. */
export class IndexHeldPayments1767225652000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE INDEX payments_held_idx ON payments (state, created_at)
        WHERE state IN ('authorizing', 'authorized', 'capturing', 'voiding');
    `);
  }

  down = noWayBack;
}
