import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { engines, eventually, tcpProxy, type TcpProxy } from '@cartwheel/testing';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { testShop, type TestShop } from './test-shop.ts';

// Four faults of the many in tools/story/fixtures/faults.ts, on a shop that has them. Each time nothing is given but the
// order's id, and the first screen of `npm run story` has to name the cause.

const command = join(import.meta.dirname, '../../../tools/story/main.ts');
const run = promisify(execFile);
let rabbitmq: TcpProxy;
let smtp: TcpProxy;
let shop: TestShop;
beforeAll(async () => {
  const { mail } = engines();
  [rabbitmq, smtp] = await Promise.all([
    tcpProxy(engines().rabbitmq.url),
    tcpProxy(`smtp://${mail.smtpHost}:${mail.smtpPort}`),
  ]);
  const smtpPort = Number(new URL(smtp.url).port);
  const proxied = { ...engines(), rabbitmq: { url: rabbitmq.url }, mail: { ...mail, smtpPort } };
  shop = await testShop({}, proxied);
});
afterAll(async () => {
  await shop?.stop();
  await Promise.all([rabbitmq?.stop(), smtp?.stop()]);
});

const tell = async (...args: string[]) => {
  const options = ['--disable-warning=ExperimentalWarning', '--disable-warning=TimeoutNegativeWarning', command];
  const env = { PATH: process.env['PATH'] };
  const ended = run(process.execPath, [...options, ...args, '--folder', shop.folder], { env });
  return ended.then(
    ({ stdout }) => ({ code: 0, stdout, stderr: '' }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({ code, stdout, stderr }),
  );
};
const place = async (...order: Parameters<TestShop['checkout']>) => {
  const { body } = await shop.checkout(...order);
  return String(body['orderId']);
};
/** The first screen, in one line: where it is broken is not the point. */
const firstScreen = async (orderId: string) =>
  (await tell(orderId)).stdout.split('time     took')[0]!.replaceAll(/\s+/g, ' ');
const names = (orderId: string, cause: RegExp) =>
  eventually(async () => expect(await firstScreen(orderId)).toMatch(cause));

test('a card that was declined', async () => {
  const orderId = await place({ sku: 'teapot' }, { paymentMethod: 'pm_card_visa_chargeDeclinedInsufficientFunds' });
  expect(await shop.outcome(orderId)).toBe('payment-declined');
  await names(
    orderId,
    /Cancelled .* ago, .*: the card was declined \(insufficient_funds\); nothing is left to be done\./,
  );
});

test('a mail server that is away', async () => {
  smtp.set('closed');
  const orderId = await place({ sku: 'mug-blue' });
  expect(await shop.outcome(orderId)).toBe('completed');
  await names(
    orderId,
    /Completed .* waits for .*the receipt: SendEmail was tried .*, last: the mail server did not answer/,
  );
  smtp.set('open');
});

test('RabbitMQ is away', async () => {
  rabbitmq.set('closed');
  const orderId = await place({ sku: 'mug-blue' });
  await names(
    orderId,
    /Placed .* for payment: AuthorizePayment has waited .* in payment's outbox for RabbitMQ to take it/,
  );
  rabbitmq.set('open');
  expect(await shop.outcome(orderId)).toBe('completed');
});

test('the payment service is away, and the story tells all the same what the others know', async () => {
  await shop.stopService('payment');
  const orderId = await place({ sku: 'mug-blue' });
  await names(orderId, /Placed .* for payment: payment does not answer at http:\S+ and reads nothing; it times out at/);
  expect((await tell(orderId)).stdout).toContain('StockReserved 1 mug-blue');
});

test('the page holds the picture and nothing personal, and the terminal 80 columns', async () => {
  const file = join(shop.folder, 'story.html');
  const { stdout } = await tell('--html', file);
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  const page = readFileSync(file, 'utf8');
  expect(page).toContain('<svg viewBox=');
  const { stdout: whole } = await tell('--json');
  expect(JSON.parse(whole)).toMatchObject({ trails: { told: { analytics: { own: { facts: expect.any(Array) } } } } });
  expect(stdout + page + whole).not.toMatch(/Ada|ada@example/);
});

test.each([
  ['what is no id', 'seven', /^"seven" is no order's id\.\nnpm run story tells of the newest order\.\n$/],
  ['an order that does not exist', randomUUID(), /^There is no order \S+ in this shop\.\nnpm run story/],
])('%s is answered with the one thing to type', async (...[, id, said]) => {
  expect(await tell(id)).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(said) });
});
