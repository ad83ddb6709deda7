import type { Schema } from '@cartwheel/postgres';
import { workerSchemas } from '@cartwheel/service';

const paymentSchema: Schema = {
  name: 'payment',
  versions: [
    `
    CREATE TABLE payments (
      payment_id uuid, order_id uuid NOT NULL, state text NOT NULL, amount_minor bigint NOT NULL, currency text NOT NULL,
      payment_method text NOT NULL, intent_id text, failure_code text,
      created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(),
      CONSTRAINT payments_pk PRIMARY KEY (payment_id),
      CONSTRAINT payments_order_id_uq UNIQUE (order_id),
      CONSTRAINT payments_state_chk CHECK (state IN ('authorizing', 'authorized', 'declined', 'capturing', 'captured',
        'capture_failed', 'voiding', 'voided', 'refunding', 'refunded'))
    );`,
    `
    -- attempts: by operation, the number in its idempotency key and how often the gateway refused it.
    -- causation_id: of the fact that asked for the present state. What a webhook tells was caused by it too.
    ALTER TABLE payments
      ADD COLUMN correlation_id uuid NOT NULL DEFAULT gen_random_uuid(),
      ADD COLUMN causation_id text NOT NULL DEFAULT 'http:' || gen_random_uuid(),
      ADD COLUMN attempts jsonb NOT NULL DEFAULT '{}',
      ADD COLUMN refunded_minor bigint;
    ALTER TABLE payments ALTER COLUMN correlation_id DROP DEFAULT, ALTER COLUMN causation_id DROP DEFAULT;`,
    `
    -- What holds money, or is about to: few rows, also when there are millions of payments. For GET /metrics.
    CREATE INDEX payments_held_idx ON payments (state, created_at)
      WHERE state IN ('authorizing', 'authorized', 'capturing', 'voiding');`,
    `
    -- Orders whose cancellation was read before their OrderPlaced: no money is ever asked for them.
    CREATE TABLE early_cancellations (
      order_id uuid, noted_at timestamptz NOT NULL DEFAULT now(),
      CONSTRAINT early_cancellations_pk PRIMARY KEY (order_id)
    );`,
  ],
  grants: { payments: 'SELECT, INSERT, UPDATE', early_cancellations: 'SELECT, INSERT' },
};

export const schemas: readonly Schema[] = [...workerSchemas, paymentSchema];
