import { type MigrationInterface, noWayBack, type QueryRunner } from '@cartwheel/postgres';

export class IndexIdempotencyKeysByAge1767225631000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys (created_at);
    `);
  }

  down = noWayBack;
}
