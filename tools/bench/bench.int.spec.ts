import { expect, test } from '@jest/globals';
import { engines } from '@cartwheel/testing';
import { execFile } from 'node:child_process';
import { join } from 'node:path';

/** The command as a person starts it, on the engines of this test run. */
function bench(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { postgres, kafka, rabbitmq, mail } = engines();
  const env = {
    ...process.env,
    NODE_OPTIONS: '--disable-warning=TimeoutNegativeWarning',
    CARTWHEEL_STACK: 'external',
    CARTWHEEL_POSTGRES_URL: `postgresql://${postgres.user}:${postgres.password}@${postgres.host}:${postgres.port}`,
    CARTWHEEL_KAFKA_BROKERS: kafka.brokers.join(','),
    CARTWHEEL_RABBITMQ_URL: rabbitmq.url,
    CARTWHEEL_SMTP_URL: `smtp://${mail.smtpHost}:${mail.smtpPort}`,
    CARTWHEEL_MAILBOX_URL: mail.webUrl,
  };
  return new Promise((resolve) => {
    execFile(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], { env }, (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err }),
    );
  });
}

test('a quick run ends with a table that fits a terminal', async () => {
  const { code, out, err } = await bench('--quick', '--only', 'worker');
  expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' });
  const lines = out.split('\n');
  expect(lines.filter((line) => /^worker.* {2,}\d[\d ]* {2,}\d[\d ]* {2,}\d+\.\d\d$/.test(line))).toHaveLength(4);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
});

test('a part that does not exist is said to be none', async () => {
  const { code, err } = await bench('--only', 'everything');
  expect([code, err]).toEqual([1, '--only is "everything"; it must be relay, consumer, worker or backlog.\n']);
});
