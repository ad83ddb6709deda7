import { type MigrationInterface, noWayBack, type QueryRunner } from '@cartwheel/postgres';

/** What was begun and has not ended yet, or never will: begun-attempts.ts. */
export class CreateBegunAttempts1767225612000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE begun_attempts (
        consumer text, place text, what text, begun int NOT NULL DEFAULT 1, begun_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT begun_attempts_pk PRIMARY KEY (consumer, place, what)
      );
      -- What the instances of a consumer have handlers for, and when they last said so: handled-types.ts.
      CREATE TABLE handled_types (
        consumer text, type text, version int, seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT handled_types_pk PRIMARY KEY (consumer, type, version)
      );
    `);
  }

  down = noWayBack;
}
