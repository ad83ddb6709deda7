import { eventStreamTable } from '@cartwheel/event-store';
import { idempotencySchema } from '@cartwheel/http';
import type { Schema } from '@cartwheel/postgres';
import { platformSchemas } from '@cartwheel/service';

const orderSchema: Schema = {
  name: 'order',
  versions: [
    `
    CREATE TABLE products (
      sku text, name text NOT NULL, price_minor int NOT NULL, currency text NOT NULL,
      CONSTRAINT products_pk PRIMARY KEY (sku), CONSTRAINT products_price_minor_chk CHECK (price_minor > 0)
    );
    ${eventStreamTable('order_events')};
    -- The current state of each stream, written in the same transaction as its events. Its row is what a writer locks.
    CREATE TABLE orders (
      order_id uuid, version int NOT NULL, status text NOT NULL, state jsonb NOT NULL,
      placed_at timestamptz NOT NULL, updated_at timestamptz NOT NULL,
      CONSTRAINT orders_pk PRIMARY KEY (order_id)
    );
    CREATE INDEX orders_placed_at_idx ON orders (placed_at) WHERE status = 'placed';`,
    `
    -- What has not ended: few rows, also when there are millions of orders. For GET /metrics.
    CREATE INDEX orders_open_idx ON orders (status) INCLUDE (placed_at, updated_at)
      WHERE status IN ('placed', 'confirmed', 'refunding');`,
  ],
  grants: { products: 'SELECT', order_events: 'SELECT, INSERT', orders: 'SELECT, INSERT, UPDATE' },
};

export const schemas: readonly Schema[] = [...platformSchemas, idempotencySchema, orderSchema];
