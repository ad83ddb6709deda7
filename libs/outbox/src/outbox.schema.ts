import type { Schema } from '@cartwheel/postgres';
import { CreateOutbox1767225600000 } from './migrations/1767225600000-create-outbox.ts';
import { ReadByChannel1767225601000 } from './migrations/1767225601000-read-by-channel.ts';
import { GiveDeadLettersAChannel1767225602000 } from './migrations/1767225602000-give-dead-letters-a-channel.ts';

export const outboxSchema: Schema = {
  name: 'outbox',
  migrations: [CreateOutbox1767225600000, ReadByChannel1767225601000, GiveDeadLettersAChannel1767225602000],
  grants: { outbox: 'SELECT, INSERT, DELETE', message_sequences: 'SELECT, INSERT, UPDATE' },
};
