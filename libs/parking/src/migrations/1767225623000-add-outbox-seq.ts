import { type MigrationInterface, noWayBack, type QueryRunner } from '@cartwheel/postgres';

/** Of what the relay set aside: its place in the outbox, to which it returns. */
export class AddOutboxSeq1767225623000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE parked_messages ADD COLUMN outbox_seq bigint;
    `);
  }

  down = noWayBack;
}
