import { type MigrationInterface, noWayBack, type QueryRunner } from '@cartwheel/postgres';

/** Every fact with its envelope, and where and when the log took it. */
export class CreateFacts1767225680000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE facts (
        id uuid, type text NOT NULL, version int NOT NULL, source text NOT NULL, subject text NOT NULL, time timestamptz NOT NULL,
        sequence bigint, correlation_id uuid NOT NULL, causation_id text NOT NULL, user_id text, traceparent text, data jsonb NOT NULL,
        topic text NOT NULL, partition int NOT NULL, record_offset bigint NOT NULL, recorded_at timestamptz NOT NULL,
        CONSTRAINT facts_pk PRIMARY KEY (id)
      );
      CREATE INDEX facts_subject_idx ON facts (subject, recorded_at);
    `);
  }

  down = noWayBack;
}
