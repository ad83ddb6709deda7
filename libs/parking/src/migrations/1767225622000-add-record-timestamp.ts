import { type MigrationInterface, noWayBack, type QueryRunner } from '@cartwheel/postgres';

/** When the broker took the record: handlers may read it, also at a later attempt. */
export class AddRecordTimestamp1767225622000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE parked_messages ADD COLUMN record_timestamp timestamptz;
    `);
  }

  down = noWayBack;
}
