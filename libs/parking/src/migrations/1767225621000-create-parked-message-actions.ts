import { type MigrationInterface, noWayBack, type QueryRunner } from '@cartwheel/postgres';

/** What operators did. No foreign key: a discarded row is gone, and this is what is left of it. */
export class CreateParkedMessageActions1767225621000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE parked_message_actions (
        action_id bigint GENERATED ALWAYS AS IDENTITY,
        acted_at timestamptz NOT NULL DEFAULT now(),
        operator text NOT NULL,
        action text NOT NULL,
        reason text,
        position bigint NOT NULL,
        source text NOT NULL,
        consumer text NOT NULL,
        topic text NOT NULL,
        event_id uuid NOT NULL,
        -- NULL: no contract knows it.
        type text,
        CONSTRAINT parked_message_actions_pk PRIMARY KEY (action_id),
        CONSTRAINT parked_message_actions_action_chk CHECK (action IN ('replay', 'discard', 'reveal')),
        CONSTRAINT parked_message_actions_reason_chk CHECK (action <> 'discard' OR reason IS NOT NULL)
      );
      CREATE INDEX parked_message_actions_position_idx ON parked_message_actions (position);
    `);
  }

  down = noWayBack;
}
