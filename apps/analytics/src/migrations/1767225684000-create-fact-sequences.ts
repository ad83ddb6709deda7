import { type MigrationInterface, noWayBack, type QueryRunner } from '@cartwheel/postgres';

/** Facts of one topic and subject are numbered 1, 2, 3 …: as many were seen as the last number says, or some are missing. */
export class CreateFactSequences1767225684000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE fact_sequences (
        topic text, subject text, last bigint NOT NULL, seen bigint NOT NULL, gap_since timestamptz,
        CONSTRAINT fact_sequences_pk PRIMARY KEY (topic, subject)
      ) WITH (fillfactor = 80);
      CREATE INDEX fact_sequences_gap_since_idx ON fact_sequences (gap_since) WHERE gap_since IS NOT NULL;
      INSERT INTO fact_sequences (topic, subject, last, seen, gap_since)
        SELECT topic, subject, max(sequence), count(*), CASE WHEN count(*) < max(sequence) THEN now() END
        FROM facts WHERE sequence IS NOT NULL GROUP BY topic, subject;
    `);
  }

  down = noWayBack;
}
