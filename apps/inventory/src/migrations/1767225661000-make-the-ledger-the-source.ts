import { type MigrationInterface, noWayBack, type QueryRunner } from '@cartwheel/postgres';

export class MakeTheLedgerTheSource1767225661000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
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
        FOR EACH ROW EXECUTE FUNCTION apply_stock_movement();
    `);
  }

  down = noWayBack;
}
