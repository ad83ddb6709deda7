import { type MigrationInterface, noWayBack, type QueryRunner } from '@cartwheel/postgres';

export class CreateOutbox1767225600000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE outbox (
        seq bigint GENERATED ALWAYS AS IDENTITY,
        channel text NOT NULL,
        id uuid NOT NULL,
        -- Kafka: the topic. RabbitMQ: the exchange, and the routing key is in key.
        destination text NOT NULL,
        partition int,
        key bytea,
        type text NOT NULL,
        -- Values that came from elsewhere stand here as {"base64": …}: jsonb and text cannot hold NUL.
        headers jsonb NOT NULL,
        -- NULL only in copies of records without a value.
        payload bytea,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT outbox_pk PRIMARY KEY (seq),
        CONSTRAINT outbox_channel_chk CHECK (channel IN ('kafka', 'rabbitmq')),
        -- One row that no broker will take would stop the whole service: the limit is below max.message.bytes.
        CONSTRAINT outbox_payload_chk CHECK (destination LIKE '%.dlq' OR octet_length(payload) < 900000)
      ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);

      CREATE TABLE message_sequences (
        topic text NOT NULL, subject text NOT NULL, last bigint NOT NULL,
        CONSTRAINT message_sequences_pk PRIMARY KEY (topic, subject)
      ) WITH (fillfactor = 80);
    `);
  }

  down = noWayBack;
}
