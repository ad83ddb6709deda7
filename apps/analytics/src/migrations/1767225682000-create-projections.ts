import { type MigrationInterface, noWayBack, type QueryRunner } from '@cartwheel/postgres';

/**
 * Read models that can be rebuilt beside themselves (docs/decisions/0040): a partition for each generation, made and
 * dropped by `npm run rebuild`. Exactly one generation of each is live; its rows are what is shown.
 */
export class CreateProjections1767225682000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE projection_generations (
        projection text, generation int, state text NOT NULL, created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT projection_generations_pk PRIMARY KEY (projection, generation),
        CONSTRAINT projection_generations_state_chk CHECK (state IN ('building', 'live', 'retired', 'dropped'))
      );
      CREATE UNIQUE INDEX projection_generations_live_uq ON projection_generations (projection) WHERE state = 'live';
      CREATE UNIQUE INDEX projection_generations_building_uq ON projection_generations (projection) WHERE state = 'building';
      INSERT INTO projection_generations (projection, generation, state)
        SELECT name, 1, 'live' FROM unnest('{sales,funnel,top-products,completion}'::text[]) AS name;

      CREATE TABLE sales (
        generation int, day date, currency text, orders bigint NOT NULL DEFAULT 0, revenue_minor bigint NOT NULL DEFAULT 0,
        refunds bigint NOT NULL DEFAULT 0, refunded_minor bigint NOT NULL DEFAULT 0,
        CONSTRAINT sales_pk PRIMARY KEY (generation, day, currency)
      ) PARTITION BY LIST (generation);
      CREATE TABLE sales_r1 PARTITION OF sales FOR VALUES IN (1);

      CREATE TABLE funnel_orders (
        generation int, order_id uuid, placed_on date NOT NULL, confirmed boolean NOT NULL DEFAULT false,
        completed boolean NOT NULL DEFAULT false, refunded boolean NOT NULL DEFAULT false, cancellation_reason text,
        CONSTRAINT funnel_orders_pk PRIMARY KEY (generation, order_id)
      ) PARTITION BY LIST (generation);
      CREATE INDEX funnel_orders_placed_on_idx ON funnel_orders (placed_on);
      CREATE TABLE funnel_orders_r1 PARTITION OF funnel_orders FOR VALUES IN (1);

      CREATE TABLE product_lines (
        generation int, order_id uuid, sku text, currency text, quantity bigint NOT NULL, revenue_minor bigint NOT NULL,
        completed_on date,
        CONSTRAINT product_lines_pk PRIMARY KEY (generation, order_id, sku, currency)
      ) PARTITION BY LIST (generation);
      CREATE INDEX product_lines_completed_on_idx ON product_lines (completed_on);
      CREATE TABLE product_lines_r1 PARTITION OF product_lines FOR VALUES IN (1);

      CREATE TABLE completion_times (
        generation int, order_id uuid, placed_at timestamptz NOT NULL, completed_on date, took_ms bigint,
        CONSTRAINT completion_times_pk PRIMARY KEY (generation, order_id)
      ) PARTITION BY LIST (generation);
      CREATE INDEX completion_times_completed_on_idx ON completion_times (completed_on);
      CREATE TABLE completion_times_r1 PARTITION OF completion_times FOR VALUES IN (1);
    `);
  }

  down = noWayBack;
}
