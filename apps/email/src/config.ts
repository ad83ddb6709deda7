import { environment, readConfig } from '@cartwheel/service';
import { z } from 'zod';

/** The only reader of process.env. */
export const config = readConfig(
  'email',
  environment.extend({
    /** For example smtp://127.0.0.1:7025?ignoreTLS=true */
    SMTP_URL: z.string().regex(/^smtps?:\/\//, 'must be an smtp:// address'),
    MAIL_FROM: z.string().default('Cartwheel <shop@cartwheel.example>'),
  }),
  process.env,
);
