import { type MigrationInterface, noWayBack, type QueryRunner } from '@cartwheel/postgres';

/** Which process began the attempt: one without an end that another process began is an attempt that died. */
export class AddWorkerOfAttempts1767225616000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE task_attempts ADD COLUMN worker uuid;
    `);
  }

  down = noWayBack;
}
