import { type MigrationInterface, noWayBack, type QueryRunner } from '@cartwheel/postgres';

export class CreateTaskAttempts1767225613000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE task_attempts (
        task_id uuid NOT NULL, type text NOT NULL, subject text NOT NULL, attempt int NOT NULL,
        started_at timestamptz NOT NULL DEFAULT clock_timestamp(), ended_at timestamptz, outcome text,
        CONSTRAINT task_attempts_pk PRIMARY KEY (task_id, attempt)
      );
      CREATE INDEX task_attempts_subject_idx ON task_attempts (subject);
    `);
  }

  down = noWayBack;
}
