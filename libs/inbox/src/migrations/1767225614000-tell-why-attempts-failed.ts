import { type MigrationInterface, noWayBack, type QueryRunner } from '@cartwheel/postgres';

/**
 * Tells why an order waits: which fact asked for the task, what the attempt failed at, and when the next one
 * is due. The fact is NULL in rows from before.
 */
export class TellWhyAttemptsFailed1767225614000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE task_attempts ADD COLUMN causation_id text, ADD COLUMN error_class text, ADD COLUMN error_message text,
        ADD COLUMN next_attempt_at timestamptz;
    `);
  }

  down = noWayBack;
}
