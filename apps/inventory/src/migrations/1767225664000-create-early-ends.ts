import { type MigrationInterface, noWayBack, type QueryRunner } from '@cartwheel/postgres';

/** What an order's fact asked for when there was nothing to end so: its stock was too short, or OrderPlaced is still to come. */
export class CreateEarlyEnds1767225664000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE early_ends (
        order_id uuid, ends_as text, noted_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT early_ends_pk PRIMARY KEY (order_id, ends_as),
        CONSTRAINT early_ends_ends_as_chk CHECK (ends_as IN ('released', 'shipped', 'returned'))
      );
    `);
  }

  down = noWayBack;
}
