import { type MigrationInterface, noWayBack, type QueryRunner } from '@cartwheel/postgres';

/** Orders whose cancellation was read before their OrderPlaced: no money is ever asked for them. */
export class CreateEarlyCancellations1767225653000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE early_cancellations (
        order_id uuid, noted_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT early_cancellations_pk PRIMARY KEY (order_id)
      );
    `);
  }

  down = noWayBack;
}
