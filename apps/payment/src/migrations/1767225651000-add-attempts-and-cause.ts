import { type MigrationInterface, noWayBack, type QueryRunner } from '@cartwheel/postgres';

/**
 * attempts: by operation, the number in its idempotency key and how often the gateway refused it.
 * causation_id: of the fact that asked for the present state. What a webhook tells was caused by it too.
 */
export class AddAttemptsAndCause1767225651000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE payments
        ADD COLUMN correlation_id uuid NOT NULL DEFAULT gen_random_uuid(),
        ADD COLUMN causation_id text NOT NULL DEFAULT 'http:' || gen_random_uuid(),
        ADD COLUMN attempts jsonb NOT NULL DEFAULT '{}',
        ADD COLUMN refunded_minor bigint;
      ALTER TABLE payments ALTER COLUMN correlation_id DROP DEFAULT, ALTER COLUMN causation_id DROP DEFAULT;
    `);
  }

  down = noWayBack;
}
