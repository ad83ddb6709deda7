import { inboxSchema, taskAttemptsSchema } from '@cartwheel/inbox';
import { outboxSchema } from '@cartwheel/outbox';
import { parkingSchema, taskReplaySchema } from '@cartwheel/parking';
import type { Schema } from '@cartwheel/postgres';

/** The tables that every service has beside its own. */
export const platformSchemas: readonly Schema[] = [outboxSchema, inboxSchema, parkingSchema];

/** And those of a service with workers. */
export const workerSchemas: readonly Schema[] = [...platformSchemas, taskAttemptsSchema, taskReplaySchema];
