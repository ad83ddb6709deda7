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
  ],
  grants: { facts: 'SELECT, INSERT' },
};

export const schemas: readonly Schema[] = [...platformSchemas, analyticsSchema];
