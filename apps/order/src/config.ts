import { environment, readConfig } from '@cartwheel/service';
import { z } from 'zod';

/** The only reader of process.env. */
export const config = readConfig(
  'order',
  environment.extend({
    /** How long a placed order waits for payment and stock before it cancels itself. */
    ORDER_TIMEOUT_MS: z.coerce.number().int().min(100).default(900_000),
    /** How long after its start the service begins to time orders out: its consumers may have answers to catch up with. */
    ORDER_TIMEOUT_GRACE_MS: z.coerce.number().int().min(0).default(30_000),
    ORDER_TIMEOUT_POLL_INTERVAL_MS: z.coerce.number().int().min(10).default(1_000),
    /** While a message waits longer than this to be published, new orders are refused. */
    OUTBOX_MAX_AGE_MS: z.coerce.number().int().min(1_000).default(600_000),
  }),
  process.env,
);
