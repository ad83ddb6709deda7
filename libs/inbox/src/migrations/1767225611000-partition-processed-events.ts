import { type MigrationInterface, noWayBack, type QueryRunner } from '@cartwheel/postgres';

/**
 * The same by month of the id: a UUIDv7 begins with its time, so a month is a range of ids, and the key stays unique. Other
 * ids (a stranger's, one made for a record without any) are nearly all in the default partition: of those that are not,
 * the clean-up keeps what it finds.
 */
export class PartitionProcessedEvents1767225611000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE processed_events RENAME TO unpartitioned_events;
      ALTER TABLE unpartitioned_events RENAME CONSTRAINT processed_events_pk TO unpartitioned_events_pk;
      CREATE TABLE processed_events (
        LIKE unpartitioned_events INCLUDING DEFAULTS,
        CONSTRAINT processed_events_pk PRIMARY KEY (consumer, event_id)
      ) PARTITION BY RANGE (event_id);

      -- A claim never fails for want of a month: what has none is here until make_id_months moves it.
      CREATE TABLE processed_events_of_other_months PARTITION OF processed_events DEFAULT;

      -- The smallest UUID of an instant.
      CREATE FUNCTION first_id_of(instant timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
        SELECT (lpad(to_hex((extract(epoch FROM instant) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
      $$;
      CREATE FUNCTION make_id_months(first date, months int) RETURNS void LANGUAGE plpgsql AS $$
      DECLARE
        month timestamp;
        low uuid;
        high uuid;
        name text;
      BEGIN
        FOR n IN 0 .. months - 1 LOOP
          month := date_trunc('month', first::timestamp) + n * interval '1 month';
          name := 'processed_events_' || to_char(month, 'YYYY_MM');
          CONTINUE WHEN to_regclass(name) IS NOT NULL;
          low := first_id_of(month AT TIME ZONE 'UTC');
          high := first_id_of((month + interval '1 month') AT TIME ZONE 'UTC');
          LOCK TABLE processed_events_of_other_months IN ACCESS EXCLUSIVE MODE;
          EXECUTE format('CREATE TABLE %I (LIKE processed_events INCLUDING ALL)', name);
          EXECUTE format('WITH moved AS (DELETE FROM processed_events_of_other_months
            WHERE event_id >= %L AND event_id < %L RETURNING *) INSERT INTO %I SELECT * FROM moved', low, high, name);
          EXECUTE format('ALTER TABLE processed_events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, low, high);
        END LOOP;
      END $$;
      SELECT make_id_months(month, 1) FROM (
        SELECT DISTINCT date_trunc('month', to_timestamp(
          ('x' || lpad(left(replace(event_id::text, '-', ''), 12), 16, '0'))::bit(64)::bigint / 1000.0) AT TIME ZONE 'UTC')::date
        FROM unpartitioned_events WHERE substring(event_id::text FROM 15 FOR 1) = '7'
          AND event_id >= first_id_of('2020-01-01Z') AND event_id < first_id_of(now())) AS held (month);
      INSERT INTO processed_events SELECT * FROM unpartitioned_events;
      DROP TABLE unpartitioned_events;
    `);
  }

  down = noWayBack;
}
