import { type MigrationInterface, noWayBack, type QueryRunner } from '@cartwheel/postgres';

export class CreateProcessedEvents1767225610000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE processed_events (
        consumer text, event_id uuid, processed_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT processed_events_pk PRIMARY KEY (consumer, event_id)
      );
    `);
  }

  down = noWayBack;
}
