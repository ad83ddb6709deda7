import type { Schema } from '@cartwheel/postgres';
import { CreateParkedMessages1767225620000 } from './migrations/1767225620000-create-parked-messages.ts';
import { CreateParkedMessageActions1767225621000 } from './migrations/1767225621000-create-parked-message-actions.ts';
import { AddRecordTimestamp1767225622000 } from './migrations/1767225622000-add-record-timestamp.ts';
import { AddOutboxSeq1767225623000 } from './migrations/1767225623000-add-outbox-seq.ts';

export const parkingSchema: Schema = {
  name: 'parking',
  migrations: [
    CreateParkedMessages1767225620000,
    CreateParkedMessageActions1767225621000,
    AddRecordTimestamp1767225622000,
    AddOutboxSeq1767225623000,
  ],
  grants: {
    parked_messages: 'SELECT, INSERT, UPDATE, DELETE',
    // A service cannot rewrite what its operators did.
    parked_message_actions: 'SELECT, INSERT',
  },
};

/**
 * For a service with workers, after the inbox's schema: a task that is replayed must be forgotten first, or its worker
 * would take it for a duplicate. Facts are never forgotten.
 */
export const taskReplaySchema: Schema = {
  name: 'task-replay',
  migrations: [],
  grants: { processed_events: 'SELECT, INSERT, DELETE' },
};
