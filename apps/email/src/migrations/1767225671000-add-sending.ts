import { type MigrationInterface, noWayBack, type QueryRunner } from '@cartwheel/postgres';

/**
 * 'sending': somebody began and has not said how it ended. ambiguous_sends counts the sends whose outcome nobody knows:
 * the server may have taken each of them.
 */
export class AddSending1767225671000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE emails DROP CONSTRAINT emails_state_chk,
        ADD CONSTRAINT emails_state_chk CHECK (state IN ('requested', 'sending', 'sent')),
        ADD sending_since timestamptz, ADD ambiguous_sends int NOT NULL DEFAULT 0,
        -- What a refund gives back.
        ADD amount_minor bigint, ADD currency text;
    `);
  }

  down = noWayBack;
}
