import { type MigrationInterface, noWayBack, type QueryRunner } from '@cartwheel/postgres';

export class CreatePayments1767225650000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE payments (
        payment_id uuid, order_id uuid NOT NULL, state text NOT NULL, amount_minor bigint NOT NULL, currency text NOT NULL,
        payment_method text NOT NULL, intent_id text, failure_code text,
        created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT payments_pk PRIMARY KEY (payment_id),
        CONSTRAINT payments_order_id_uq UNIQUE (order_id),
        CONSTRAINT payments_state_chk CHECK (state IN ('authorizing', 'authorized', 'declined', 'capturing', 'captured',
          'capture_failed', 'voiding', 'voided', 'refunding', 'refunded'))
      );
    `);
  }

  down = noWayBack;
}
