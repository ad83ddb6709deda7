import { type MigrationInterface, noWayBack, type QueryRunner } from '@cartwheel/postgres';

/** Finds the tasks that keep failing (repeating-tasks.ts). */
export class IndexRepeatingTasks1767225615000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE INDEX task_attempts_repeating_idx ON task_attempts (next_attempt_at) WHERE outcome = 'retry' AND attempt >= 4;
    `);
  }

  down = noWayBack;
}
