import { type MigrationInterface, noWayBack, type QueryRunner } from '@cartwheel/postgres';

/**
 * When a topic gets more partitions, any fact of an order may be read before its OrderPlaced. Its row waits for that, and
 * nobody is shown it: it has no day yet. In product_lines it is a line without a sku: how the order ended.
 */
export class LetRowsWaitForOrderPlaced1767225683000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE funnel_orders ALTER placed_on DROP NOT NULL;
      ALTER TABLE completion_times ALTER placed_at DROP NOT NULL, ADD completed_at timestamptz;
      UPDATE completion_times SET completed_at = placed_at + took_ms * interval '1 ms' WHERE took_ms IS NOT NULL;
    `);
  }

  down = noWayBack;
}
