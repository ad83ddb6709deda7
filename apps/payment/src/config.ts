import { readConfig, workerEnvironment } from '@cartwheel/service';
import { z } from 'zod';

/** The only reader of process.env. */
export const config = readConfig(
  'payment',
  workerEnvironment.extend({
    /** The simulator, or https://api.stripe.com */
    GATEWAY_URL: z.url({ protocol: /^https?$/ }),
    GATEWAY_API_KEY: z.string().min(1),
    GATEWAY_TIMEOUT_MS: z.coerce.number().int().min(100).max(60_000).default(8_000),
    /** What the gateway signs its webhooks with. Without one, none is accepted. */
    GATEWAY_WEBHOOK_SECRET: z.string().default(''),
  }),
  process.env,
);
