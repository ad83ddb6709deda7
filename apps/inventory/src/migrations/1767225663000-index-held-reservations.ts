import { type MigrationInterface, noWayBack, type QueryRunner } from '@cartwheel/postgres';

/** What is held at the moment: few rows, also when there are millions of reservations. For GET /metrics. */
export class IndexHeldReservations1767225663000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE INDEX reservations_reserved_idx ON reservations (updated_at, order_id) WHERE state = 'reserved';
    `);
  }

  down = noWayBack;
}
