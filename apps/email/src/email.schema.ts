import type { Schema } from '@cartwheel/postgres';
import { workerSchemas } from '@cartwheel/service';
import { CreateEmails1767225670000 } from './migrations/1767225670000-create-emails.ts';
import { AddSending1767225671000 } from './migrations/1767225671000-add-sending.ts';
import { LetMailsWaitForTheirAddress1767225672000 } from './migrations/1767225672000-let-mails-wait-for-their-address.ts';

const emailSchema: Schema = {
  name: 'email',
  migrations: [CreateEmails1767225670000, AddSending1767225671000, LetMailsWaitForTheirAddress1767225672000],
  grants: { addressees: 'SELECT, INSERT', emails: 'SELECT, INSERT, UPDATE' },
};

export const schemas: readonly Schema[] = [...workerSchemas, emailSchema];
