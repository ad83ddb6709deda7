import { type MigrationInterface, noWayBack, type QueryRunner } from '@cartwheel/postgres';

/**
 * The same by month of the record's own time (UTC). PostgreSQL wants that in every unique key, so what holds an id to one
 * row is processed_events, in whose transaction the row is written.
 */
export class PartitionFacts1767225681000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE facts RENAME TO unpartitioned_facts;
      ALTER TABLE unpartitioned_facts RENAME CONSTRAINT facts_pk TO unpartitioned_facts_pk;
      DROP INDEX facts_subject_idx;
      CREATE TABLE facts (
        id uuid, type text NOT NULL, version int NOT NULL, source text NOT NULL, subject text NOT NULL, time timestamptz NOT NULL,
        sequence bigint, correlation_id uuid NOT NULL, causation_id text NOT NULL, user_id text, traceparent text, data jsonb NOT NULL,
        topic text NOT NULL, partition int NOT NULL, record_offset bigint NOT NULL, recorded_at timestamptz NOT NULL,
        -- What a search for words finds: never what is personal. Longer texts would fail (a tsvector ends at 1 MB).
        words tsvector GENERATED ALWAYS AS (
          CASE WHEN length(data::text) < 250000 THEN jsonb_to_tsvector('simple', data - 'customer', '"string"') END) STORED,
        CONSTRAINT facts_pk PRIMARY KEY (id, recorded_at)
      ) PARTITION BY RANGE (recorded_at);
      CREATE INDEX facts_recorded_at_idx ON facts (recorded_at, topic, partition, record_offset);
      CREATE INDEX facts_subject_idx ON facts (subject, recorded_at);
      CREATE INDEX facts_correlation_id_idx ON facts (correlation_id, recorded_at);
      CREATE INDEX facts_type_idx ON facts (type, recorded_at);
      CREATE INDEX facts_words_idx ON facts USING gin (words);

      -- An insert never fails for want of a month: what has none is here until make_fact_months moves it.
      CREATE TABLE facts_of_other_months PARTITION OF facts DEFAULT;

      CREATE FUNCTION make_fact_months(first date, months int) RETURNS void LANGUAGE plpgsql AS $$
      DECLARE
        kept CONSTANT text := 'id, type, version, source, subject, time, sequence, correlation_id, causation_id, user_id, traceparent, data,
          topic, partition, record_offset, recorded_at';
        month timestamp;
        bounds text;
        name text;
      BEGIN
        FOR n IN 0 .. months - 1 LOOP
          month := date_trunc('month', first::timestamp) + n * interval '1 month';
          name := 'facts_' || to_char(month, 'YYYY_MM');
          CONTINUE WHEN to_regclass(name) IS NOT NULL;
          bounds := format('recorded_at >= %L AND recorded_at < %L', month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC');
          LOCK TABLE facts_of_other_months IN ACCESS EXCLUSIVE MODE;
          EXECUTE format('CREATE TABLE %I (LIKE facts INCLUDING ALL)', name);
          EXECUTE format('WITH moved AS (DELETE FROM facts_of_other_months WHERE %s RETURNING *)
            INSERT INTO %I (%s) SELECT %s FROM moved', bounds, name, kept, kept);
          EXECUTE format('ALTER TABLE facts ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            name, month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC');
        END LOOP;
      END $$;
      SELECT make_fact_months(month, 1) FROM (
        SELECT DISTINCT date_trunc('month', recorded_at AT TIME ZONE 'UTC')::date AS month FROM unpartitioned_facts) AS held;
      INSERT INTO facts (id, type, version, source, subject, time, sequence, correlation_id, causation_id, user_id, traceparent, data,
          topic, partition, record_offset, recorded_at)
        SELECT * FROM unpartitioned_facts;
      DROP TABLE unpartitioned_facts;
    `);
  }

  down = noWayBack;
}
