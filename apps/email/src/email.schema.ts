import type { Schema } from '@cartwheel/postgres';
import { workerSchemas } from '@cartwheel/service';

const emailSchema: Schema = {
  name: 'email',
  versions: [
    `
    -- What later mails need from OrderPlaced. It has the same key as the facts that ask for them, so it is always first.
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
    );`,
    `
    -- 'sending': somebody began and has not said how it ended. ambiguous_sends counts the sends whose outcome nobody knows:
    -- the server may have taken each of them.
    ALTER TABLE emails DROP CONSTRAINT emails_state_chk,
      ADD CONSTRAINT emails_state_chk CHECK (state IN ('requested', 'sending', 'sent')),
      ADD sending_since timestamptz, ADD ambiguous_sends int NOT NULL DEFAULT 0,
      -- What a refund gives back.
      ADD amount_minor bigint, ADD currency text;`,
    `
    -- A topic that got more partitions may show any fact of an order before OrderPlaced: its mail waits for an address.
    ALTER TABLE emails DROP CONSTRAINT emails_addressees_fk;`,
  ],
  grants: { addressees: 'SELECT, INSERT', emails: 'SELECT, INSERT, UPDATE' },
};

export const schemas: readonly Schema[] = [...workerSchemas, emailSchema];
