import { z } from 'zod';
import { WrongSetting } from './wrong-setting.ts';

const wholeNumber = (max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value <= max, `must be at most ${max}`);

const Environment = z
  .object({
    HTTP_HOST: z.string().default('127.0.0.1'),
    HTTP_PORT: wholeNumber(65_535),
    LEDGER_FILE: z.string(),
    WEBHOOK_URL: z.url({ protocol: /^https?$/, error: 'must be an http or https address' }).optional(),
    WEBHOOK_SECRET: z.string().optional(),
    WEBHOOK_DELAY_MS: wholeNumber(600_000).default(0),
    IDEMPOTENCY_KEY_LIFETIME_MS: wholeNumber(604_800_000).default(86_400_000),
  })
  .refine((settings) => !settings.WEBHOOK_URL || settings.WEBHOOK_SECRET, {
    path: ['WEBHOOK_SECRET'],
    error: 'is needed to sign what goes to WEBHOOK_URL',
  });

export type Config = Readonly<{
  host: string;
  port: number;
  ledgerFile: string;
  keyLifetimeMs: number;
  webhook?: { url: string; secret: string; delayMs: number };
}>;

/** The only reader of process.env. A variable set to nothing counts as not set. Throws WrongSetting. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const present = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const result = Environment.safeParse(present);
  if (!result.success) {
    throw new WrongSetting(
      result.error.issues.map((issue) => {
        const name = String(issue.path[0]);
        return `${name} ${name in present || issue.code === 'custom' ? issue.message : 'is missing'}`;
      }),
    );
  }
  const { HTTP_HOST, HTTP_PORT, LEDGER_FILE, WEBHOOK_URL, WEBHOOK_SECRET, WEBHOOK_DELAY_MS } = result.data;
  const keyLifetimeMs = result.data.IDEMPOTENCY_KEY_LIFETIME_MS;
  const config = { host: HTTP_HOST, port: HTTP_PORT, ledgerFile: LEDGER_FILE, keyLifetimeMs };
  return WEBHOOK_URL && WEBHOOK_SECRET
    ? { ...config, webhook: { url: WEBHOOK_URL, secret: WEBHOOK_SECRET, delayMs: WEBHOOK_DELAY_MS } }
    : config;
}
