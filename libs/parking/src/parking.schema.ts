import type { Schema } from '@cartwheel/postgres';

export const parkingSchema: Schema = {
  name: 'parking',
  versions: [
    `
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
    CREATE INDEX parked_messages_consumer_topic_key_position_idx ON parked_messages (consumer, topic, key, position);`,
    `
    -- What operators did. No foreign key: a discarded row is gone, and this is what is left of it.
    CREATE TABLE parked_message_actions (
      action_id bigint GENERATED ALWAYS AS IDENTITY,
      acted_at timestamptz NOT NULL DEFAULT now(),
      operator text NOT NULL,
      action text NOT NULL,
      reason text,
      position bigint NOT NULL,
      source text NOT NULL,
      consumer text NOT NULL,
      topic text NOT NULL,
      event_id uuid NOT NULL,
      -- NULL: no contract knows it.
      type text,
      CONSTRAINT parked_message_actions_pk PRIMARY KEY (action_id),
      CONSTRAINT parked_message_actions_action_chk CHECK (action IN ('replay', 'discard', 'reveal')),
      CONSTRAINT parked_message_actions_reason_chk CHECK (action <> 'discard' OR reason IS NOT NULL)
    );
    CREATE INDEX parked_message_actions_position_idx ON parked_message_actions (position);`,
    `
    -- When the broker took the record: handlers may read it, also at a later attempt.
    ALTER TABLE parked_messages ADD COLUMN record_timestamp timestamptz;`,
    `
    -- Of what the relay set aside: its place in the outbox, to which it returns.
    ALTER TABLE parked_messages ADD COLUMN outbox_seq bigint;`,
  ],
  grants: {
    parked_messages: 'SELECT, INSERT, UPDATE, DELETE',
    // A service cannot rewrite what its operators did.
    parked_message_actions: 'SELECT, INSERT',
  },
};

/**
 * For a service with workers, after the inbox's schema: a task that is replayed must be forgotten first, or its worker
 * would take it for a duplicate. Facts are never forgotten.
 */
export const taskReplaySchema: Schema = {
  name: 'task-replay',
  versions: [],
  grants: { processed_events: 'SELECT, INSERT, DELETE' },
};
