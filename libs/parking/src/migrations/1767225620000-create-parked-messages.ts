import { type MigrationInterface, noWayBack, type QueryRunner } from '@cartwheel/postgres';

export class CreateParkedMessages1767225620000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE parked_messages (
        position bigint GENERATED ALWAYS AS IDENTITY,
        -- kafka | rabbitmq: then topic is the queue, key the task's id, and there is no partition and offset.
        source text NOT NULL,
        consumer text NOT NULL,
        topic text NOT NULL,
        -- A record without a key stands under its own id: NULL would be found by no look-up.
        key bytea NOT NULL,
        partition int,
        record_offset bigint,
        state text NOT NULL,
        attempts int NOT NULL,
        next_attempt_at timestamptz NOT NULL,
        event_id uuid NOT NULL,
        payload bytea,
        headers jsonb NOT NULL,
        first_failed_at timestamptz,
        last_failed_at timestamptz,
        error_class text,
        error_message text,
        CONSTRAINT parked_messages_pk PRIMARY KEY (position),
        CONSTRAINT parked_messages_state_chk CHECK (state IN ('parked', 'dead'))
      );
      CREATE INDEX parked_messages_consumer_topic_key_position_idx ON parked_messages (consumer, topic, key, position);
    `);
  }

  down = noWayBack;
}
