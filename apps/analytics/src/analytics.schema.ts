import type { Schema } from '@cartwheel/postgres';
import { platformSchemas } from '@cartwheel/service';

const analyticsSchema: Schema = {
  name: 'analytics',
  versions: [
    `
    -- Every fact with its envelope, and where and when the log took it.
    CREATE TABLE facts (
      id uuid, type text NOT NULL, version int NOT NULL, source text NOT NULL, subject text NOT NULL, time timestamptz NOT NULL,
      sequence bigint, correlation_id uuid NOT NULL, causation_id text NOT NULL, user_id text, traceparent text, data jsonb NOT NULL,
      topic text NOT NULL, partition int NOT NULL, record_offset bigint NOT NULL, recorded_at timestamptz NOT NULL,
      CONSTRAINT facts_pk PRIMARY KEY (id)
    );
    CREATE INDEX facts_subject_idx ON facts (subject, recorded_at);`,
    `
    -- The same by month of the record's own time (UTC). PostgreSQL wants that in every unique key, so what holds an id to one
    -- row is processed_events, in whose transaction the row is written.
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
    DROP TABLE unpartitioned_facts;`,
    `
    -- Read models that can be rebuilt beside themselves (docs/decisions/0040): a partition for each generation, made and
    -- dropped by \`npm run rebuild\`. Exactly one generation of each is live; its rows are what is shown.
    CREATE TABLE projection_generations (
      projection text, generation int, state text NOT NULL, created_at timestamptz NOT NULL DEFAULT now(),
      CONSTRAINT projection_generations_pk PRIMARY KEY (projection, generation),
      CONSTRAINT projection_generations_state_chk CHECK (state IN ('building', 'live', 'retired', 'dropped'))
    );
    CREATE UNIQUE INDEX projection_generations_live_uq ON projection_generations (projection) WHERE state = 'live';
    CREATE UNIQUE INDEX projection_generations_building_uq ON projection_generations (projection) WHERE state = 'building';
    INSERT INTO projection_generations (projection, generation, state)
      SELECT name, 1, 'live' FROM unnest('{sales,funnel,top-products,completion}'::text[]) AS name;

    CREATE TABLE sales (
      generation int, day date, currency text, orders bigint NOT NULL DEFAULT 0, revenue_minor bigint NOT NULL DEFAULT 0,
      refunds bigint NOT NULL DEFAULT 0, refunded_minor bigint NOT NULL DEFAULT 0,
      CONSTRAINT sales_pk PRIMARY KEY (generation, day, currency)
    ) PARTITION BY LIST (generation);
    CREATE TABLE sales_r1 PARTITION OF sales FOR VALUES IN (1);

    CREATE TABLE funnel_orders (
      generation int, order_id uuid, placed_on date NOT NULL, confirmed boolean NOT NULL DEFAULT false,
      completed boolean NOT NULL DEFAULT false, refunded boolean NOT NULL DEFAULT false, cancellation_reason text,
      CONSTRAINT funnel_orders_pk PRIMARY KEY (generation, order_id)
    ) PARTITION BY LIST (generation);
    CREATE INDEX funnel_orders_placed_on_idx ON funnel_orders (placed_on);
    CREATE TABLE funnel_orders_r1 PARTITION OF funnel_orders FOR VALUES IN (1);

    CREATE TABLE product_lines (
      generation int, order_id uuid, sku text, currency text, quantity bigint NOT NULL, revenue_minor bigint NOT NULL,
      completed_on date,
      CONSTRAINT product_lines_pk PRIMARY KEY (generation, order_id, sku, currency)
    ) PARTITION BY LIST (generation);
    CREATE INDEX product_lines_completed_on_idx ON product_lines (completed_on);
    CREATE TABLE product_lines_r1 PARTITION OF product_lines FOR VALUES IN (1);

    CREATE TABLE completion_times (
      generation int, order_id uuid, placed_at timestamptz NOT NULL, completed_on date, took_ms bigint,
      CONSTRAINT completion_times_pk PRIMARY KEY (generation, order_id)
    ) PARTITION BY LIST (generation);
    CREATE INDEX completion_times_completed_on_idx ON completion_times (completed_on);
    CREATE TABLE completion_times_r1 PARTITION OF completion_times FOR VALUES IN (1);`,
    `
    -- When a topic gets more partitions, any fact of an order may be read before its OrderPlaced. Its row waits for that, and
    -- nobody is shown it: it has no day yet. In product_lines it is a line without a sku: how the order ended.
    ALTER TABLE funnel_orders ALTER placed_on DROP NOT NULL;
    ALTER TABLE completion_times ALTER placed_at DROP NOT NULL, ADD completed_at timestamptz;
    UPDATE completion_times SET completed_at = placed_at + took_ms * interval '1 ms' WHERE took_ms IS NOT NULL;`,
    `
    -- Facts of one topic and subject are numbered 1, 2, 3 …: as many were seen as the last number says, or some are missing.
    CREATE TABLE fact_sequences (
      topic text, subject text, last bigint NOT NULL, seen bigint NOT NULL, gap_since timestamptz,
      CONSTRAINT fact_sequences_pk PRIMARY KEY (topic, subject)
    ) WITH (fillfactor = 80);
    CREATE INDEX fact_sequences_gap_since_idx ON fact_sequences (gap_since) WHERE gap_since IS NOT NULL;
    INSERT INTO fact_sequences (topic, subject, last, seen, gap_since)
      SELECT topic, subject, max(sequence), count(*), CASE WHEN count(*) < max(sequence) THEN now() END
      FROM facts WHERE sequence IS NOT NULL GROUP BY topic, subject;`,
  ],
  grants: {
    facts: 'SELECT, INSERT',
    fact_sequences: 'SELECT, INSERT, UPDATE',
    projection_generations: 'SELECT',
    sales: 'SELECT, INSERT, UPDATE',
    funnel_orders: 'SELECT, INSERT, UPDATE',
    product_lines: 'SELECT, INSERT, UPDATE, DELETE',
    completion_times: 'SELECT, INSERT, UPDATE',
  },
};

export const schemas: readonly Schema[] = [...platformSchemas, analyticsSchema];
