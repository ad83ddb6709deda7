import { type MigrationInterface, noWayBack, type QueryRunner } from '@cartwheel/postgres';

export class CreateStock1767225660000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE stock (
        sku text, available int NOT NULL, reserved int NOT NULL DEFAULT 0, shipped int NOT NULL DEFAULT 0,
        CONSTRAINT stock_pk PRIMARY KEY (sku),
        -- Nobody can oversell, whatever the code above does.
        CONSTRAINT stock_levels_chk CHECK (available >= 0 AND reserved >= 0 AND shipped >= 0)
      );
      CREATE TABLE reservations (
        order_id uuid, sku text, quantity int NOT NULL, state text NOT NULL, updated_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT reservations_pk PRIMARY KEY (order_id, sku),
        CONSTRAINT reservations_stock_fk FOREIGN KEY (sku) REFERENCES stock (sku),
        CONSTRAINT reservations_quantity_chk CHECK (quantity > 0),
        CONSTRAINT reservations_state_chk CHECK (state IN ('reserved', 'released', 'shipped'))
      );
      -- Append-only: what moved, why, and by how much each level changed. Its sums are the levels.
      CREATE TABLE stock_movements (
        movement_id bigint GENERATED ALWAYS AS IDENTITY, sku text NOT NULL, order_id uuid, kind text NOT NULL,
        available int NOT NULL, reserved int NOT NULL, shipped int NOT NULL, moved_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT stock_movements_pk PRIMARY KEY (movement_id),
        CONSTRAINT stock_movements_kind_chk CHECK (kind IN ('initial', 'reserved', 'released', 'shipped'))
      );
      CREATE INDEX stock_movements_sku_idx ON stock_movements (sku, movement_id);
    `);
  }

  down = noWayBack;
}
