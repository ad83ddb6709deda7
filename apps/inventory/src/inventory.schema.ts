import { idempotencySchema } from '@cartwheel/http';
import type { Schema } from '@cartwheel/postgres';
import { platformSchemas } from '@cartwheel/service';

const inventorySchema: Schema = {
  name: 'inventory',
  versions: [
    `
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
    CREATE INDEX stock_movements_sku_idx ON stock_movements (sku, movement_id);`,
    `
    ALTER TABLE reservations DROP CONSTRAINT reservations_state_chk,
      ADD CONSTRAINT reservations_state_chk CHECK (state IN ('reserved', 'released', 'shipped', 'returned'));

    -- How many movements a product has had, and when the last one was.
    ALTER TABLE stock ALTER available SET DEFAULT 0,
      ADD movements int NOT NULL DEFAULT 0, ADD moved_at timestamptz NOT NULL DEFAULT '-infinity';
    UPDATE stock SET movements = was.movements, moved_at = was.moved_at
      FROM (SELECT sku, count(*) AS movements, max(moved_at) AS moved_at FROM stock_movements GROUP BY sku) AS was
      WHERE stock.sku = was.sku;

    -- What each kind may do. Only what comes in changes the sum of the three levels.
    ALTER TABLE stock_movements DROP CONSTRAINT stock_movements_kind_chk,
      ADD CONSTRAINT stock_movements_kind_chk CHECK (CASE kind
        WHEN 'initial' THEN available >= 0 AND reserved = 0 AND shipped = 0
        WHEN 'replenished' THEN available > 0 AND reserved = 0 AND shipped = 0
        WHEN 'reserved' THEN reserved > 0 AND available = -reserved AND shipped = 0
        WHEN 'released' THEN available > 0 AND reserved = -available AND shipped = 0
        WHEN 'shipped' THEN shipped > 0 AND reserved = -shipped AND available = 0
        WHEN 'returned' THEN available > 0 AND shipped = -available AND reserved = 0
        ELSE false END);
    DROP INDEX stock_movements_sku_idx;
    CREATE INDEX stock_movements_sku_moved_at_idx ON stock_movements (sku, moved_at);

    -- The levels after every hundredth movement of a product: no question about the past adds up more than the rest.
    CREATE TABLE stock_snapshots (
      sku text, taken_at timestamptz, available int NOT NULL, reserved int NOT NULL, shipped int NOT NULL,
      CONSTRAINT stock_snapshots_pk PRIMARY KEY (sku, taken_at)
    );

    -- The only way to change a level is to append a movement: the service may insert there and update nothing here. So the
    -- levels are the sums of the ledger, whatever its code does. The row's lock makes the times of one product strictly
    -- ascending, also when the clock is set back.
    CREATE FUNCTION apply_stock_movement() RETURNS trigger
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE level stock;
    BEGIN
      UPDATE stock SET available = available + NEW.available, reserved = reserved + NEW.reserved,
        shipped = shipped + NEW.shipped, movements = movements + 1,
        moved_at = greatest(clock_timestamp(), moved_at + interval '1 microsecond')
      WHERE sku = NEW.sku RETURNING * INTO STRICT level;
      NEW.moved_at := level.moved_at;
      IF level.movements % 100 = 0 THEN
        INSERT INTO stock_snapshots (sku, taken_at, available, reserved, shipped)
        VALUES (level.sku, level.moved_at, level.available, level.reserved, level.shipped);
      END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER stock_movements_apply BEFORE INSERT ON stock_movements
      FOR EACH ROW EXECUTE FUNCTION apply_stock_movement();`,
    `
    -- What moved for one order, for whoever follows that order.
    CREATE INDEX stock_movements_order_id_idx ON stock_movements (order_id) WHERE order_id IS NOT NULL;`,
    `
    -- What is held at the moment: few rows, also when there are millions of reservations. For GET /metrics.
    CREATE INDEX reservations_reserved_idx ON reservations (updated_at, order_id) WHERE state = 'reserved';`,
    `
    -- What an order's fact asked for when there was nothing to end so: its stock was too short, or OrderPlaced is still to come.
    CREATE TABLE early_ends (
      order_id uuid, ends_as text, noted_at timestamptz NOT NULL DEFAULT now(),
      CONSTRAINT early_ends_pk PRIMARY KEY (order_id, ends_as),
      CONSTRAINT early_ends_ends_as_chk CHECK (ends_as IN ('released', 'shipped', 'returned'))
    );`,
  ],
  grants: {
    // FOR UPDATE asks for the right to update some column; reservations and movements hold this one in its place.
    stock: 'SELECT, UPDATE (sku)',
    reservations: 'SELECT, INSERT, UPDATE',
    stock_movements: 'SELECT, INSERT',
    stock_snapshots: 'SELECT',
    early_ends: 'SELECT, INSERT',
  },
};

export const schemas: readonly Schema[] = [...platformSchemas, idempotencySchema, inventorySchema];
