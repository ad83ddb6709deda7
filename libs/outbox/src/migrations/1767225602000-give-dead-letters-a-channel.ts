import { type MigrationInterface, noWayBack, type QueryRunner } from '@cartwheel/postgres';

/** Copies of dead letters have a channel of their own: a topic of theirs that is missing held up every fact of its service. */
export class GiveDeadLettersAChannel1767225602000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE outbox DROP CONSTRAINT outbox_channel_chk,
        ADD CONSTRAINT outbox_channel_chk CHECK (channel IN ('kafka', 'rabbitmq', 'dead-letters'));
      UPDATE outbox SET channel = 'dead-letters' WHERE channel = 'kafka' AND destination LIKE '%.dlq';
    `);
  }

  down = noWayBack;
}
