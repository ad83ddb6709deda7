import { type MigrationInterface, noWayBack, type QueryRunner } from '@cartwheel/postgres';

/** Finds what moved for one order. */
export class IndexMovementsByOrder1767225662000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE INDEX stock_movements_order_id_idx ON stock_movements (order_id) WHERE order_id IS NOT NULL;
    `);
  }

  down = noWayBack;
}
