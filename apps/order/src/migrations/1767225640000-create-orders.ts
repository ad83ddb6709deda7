import { eventStreamTable } from '@cartwheel/event-store';
import { type MigrationInterface, noWayBack, type QueryRunner } from '@cartwheel/postgres';

export class CreateOrders1767225640000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
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
      CREATE INDEX orders_placed_at_idx ON orders (placed_at) WHERE status = 'placed';
    `);
  }

  down = noWayBack;
}
