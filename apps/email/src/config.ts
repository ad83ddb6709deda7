import { readConfig, workerEnvironment } from '@cartwheel/service';
import { z } from 'zod';

/** The only reader of process.env. */
export const config = readConfig(
  'email',
  workerEnvironment.extend({
    /** For example smtp://127.0.0.1:7025?ignoreTLS=true */
    SMTP_URL: z.string().regex(/^smtps?:\/\//, 'must be an smtp:// address'),
    /** Below SHUTDOWN_DEADLINE_MS a silent mail server holds up no shutdown. */
    SMTP_DEADLINE_MS: z.coerce.number().int().min(1_000).max(60_000).default(15_000),
    MAIL_FROM: z.string().default('Cartwheel <shop@cartwheel.example>'),
  }),
  process.env,
);
