import { type MigrationInterface, noWayBack, type QueryRunner } from '@cartwheel/postgres';

/** What has not ended: few rows, also when there are millions of orders. For GET /metrics. */
export class IndexOpenOrders1767225641000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE INDEX orders_open_idx ON orders (status) INCLUDE (placed_at, updated_at)
        WHERE status IN ('placed', 'confirmed', 'refunding');
    `);
  }

  down = noWayBack;
}
