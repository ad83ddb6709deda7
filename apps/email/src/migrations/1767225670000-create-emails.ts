import { type MigrationInterface, noWayBack, type QueryRunner } from '@cartwheel/postgres';

/** What later mails need from OrderPlaced. It has the same key as the facts that ask for them, so it is always first. */
export class CreateEmails1767225670000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE addressees (
        order_id uuid, name text NOT NULL, email text NOT NULL, items jsonb NOT NULL, total_minor bigint NOT NULL,
        currency text NOT NULL,
        CONSTRAINT addressees_pk PRIMARY KEY (order_id)
      );
      CREATE TABLE emails (
        email_id uuid, order_id uuid NOT NULL, template text NOT NULL, reason text, state text NOT NULL DEFAULT 'requested',
        requested_at timestamptz NOT NULL DEFAULT now(), sent_at timestamptz, message_id text,
        CONSTRAINT emails_pk PRIMARY KEY (email_id),
        -- One mail per order and template.
        CONSTRAINT emails_order_id_template_uq UNIQUE (order_id, template),
        CONSTRAINT emails_addressees_fk FOREIGN KEY (order_id) REFERENCES addressees (order_id),
        CONSTRAINT emails_state_chk CHECK (state IN ('requested', 'sent'))
      );
    `);
  }

  down = noWayBack;
}
