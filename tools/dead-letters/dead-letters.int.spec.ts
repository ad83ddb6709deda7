import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { newId } from '@cartwheel/primitives';
import { testDatabase, type TestDatabase } from '@cartwheel/testing';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { buried, capturePayment, delivered, orderPlaced, PERSONAL } from '../../libs/parking/src/fixtures/burying.ts';
import { startOpsServer } from '../../libs/service/src/fixtures/ops-server.ts';
import { workerSchemas } from '../../libs/service/src/schemas.ts';
import { serviceNames } from '../verify/target.ts';

const opsToken = 'a-token-for-this-test';
const SILENT = 'http://127.0.0.1:9';
let db: TestDatabase;
let server: Awaited<ReturnType<typeof startOpsServer>>;
let other: TestDatabase;
let otherServer: typeof server;
const folder = mkdtempSync(join(tmpdir(), 'dead-letters-'));

beforeAll(async () => {
  [db, other] = await Promise.all([testDatabase(workerSchemas), testDatabase(workerSchemas)]);
  server = await startOpsServer(db.dataSource, { opsToken });
  otherServer = await startOpsServer(other.dataSource, { opsToken });
});
afterAll(async () => {
  await Promise.all([server.close(), otherServer.close()]);
  await Promise.all([db.drop(), other.drop()]);
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  const emptied = 'TRUNCATE outbox, parked_messages, processed_events, parked_message_actions';
  await Promise.all([db.admin.query(emptied), other.admin.query(emptied)]);
  shopIs({});
});

/** A shop in which payment is one server, and every other service the second. */
function shopIs(change: { payment?: string; token?: string }): void {
  const databases = Object.fromEntries(serviceNames.map((name) => [name, 'unused']));
  const urls = { order: otherServer.url, payment: change.payment ?? server.url };
  const unused = Object.fromEntries(serviceNames.map((name) => [name, otherServer.url]));
  const target = { databases, urls: { ...unused, ...urls }, opsToken: change.token ?? opsToken };
  writeFileSync(join(folder, 'shop.json'), JSON.stringify(target));
}

function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const main = join(import.meta.dirname, 'main.ts');
  const env = { ...process.env, NODE_OPTIONS: '' };
  return new Promise((resolve) => {
    execFile(process.execPath, [main, '--folder', folder, ...args], { env }, (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err }),
    );
  });
}
const states = async () =>
  (await db.admin.query<{ state: string }>('SELECT state FROM parked_messages ORDER BY position')).map(
    (row) => row.state,
  );
const actions = () =>
  db.admin.query<{ position: number; action: string; operator: string; reason: string | null }>(
    'SELECT position::int AS position, action, operator, reason FROM parked_message_actions ORDER BY action_id',
  );
const bury = (change: Parameters<typeof delivered>[1] = {}, more: Parameters<typeof buried>[2] = {}) =>
  buried(db.dataSource, delivered(orderPlaced(), change), more);

describe('list', () => {
  test('names every dead message, in 80 columns and without a customer', async () => {
    const odd = { key: Buffer.from(PERSONAL.email), headers: { ce_type: `${PERSONAL.name}\x1b[2J` } };
    const [first, second] = [await bury(), await bury(odd)];
    const { code, out } = await run('list', '--service', 'payment');
    expect(code).toBe(0);
    expect(out).toContain(`payment/${first}  OrderPlaced at inventory, from order-events 0@7`);
    expect(out).toContain(`payment/${second}  unknown type`);
    expect(out).not.toMatch(/Ada|ada@|\x1b/);
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  test('says that there is more, and how to go on', async () => {
    const all = [await bury(), await bury(), await bury()];
    const { out, err } = await run('list', '--service', 'payment', '--limit', '2');
    expect(out).not.toContain(`payment/${all[2]}`);
    expect(err).toContain(`payment has more: --service payment --after ${all[1]}`);
    const rest = await run('list', '--service', 'payment', '--after', String(all[1]), '--json');
    expect(JSON.parse(rest.out)).toMatchObject([{ service: 'payment', position: all[2] }]);
    expect(rest.err).toBe('');
  });

  test('shows parked messages when asked, and says so when there is nothing', async () => {
    const position = await bury();
    await run('replay', `payment/${position}`);
    expect((await run('list')).out).toBe('No dead letters.\n');
    expect((await run('list', '--parked')).out).toContain(`payment/${position}`);
  });

  test('tells who does not answer, and lists the others', async () => {
    const position = await buried(other.dataSource, delivered(orderPlaced()));
    shopIs({ payment: SILENT });
    const { code, out, err } = await run('list');
    expect(code).toBe(1);
    expect(err).toBe(`payment does not answer at ${SILENT}. Is the shop running?\n`);
    expect(out).toContain(`order/${position}`);
  });
});

describe('show', () => {
  test('masks the customer; with --reveal it does not, and that is recorded under the name of the user', async () => {
    const position = await bury();
    const masked = await run('show', `payment/${position}`);
    expect(masked.out).toContain('"name": "***"');
    expect(masked.out).not.toContain('Ada');
    expect(await actions()).toEqual([]);
    const whole = await run('show', `payment/${position}`, '--reveal', '--reason', 'the customer asked');
    expect(whole.out).toContain('Ada Moreau');
    const { username: operator } = userInfo();
    expect(await actions()).toEqual([{ position, action: 'reveal', operator, reason: 'the customer asked' }]);
  });

  test('does not let a message write to the terminal', async () => {
    const position = await bury({ value: Buffer.from('\x1b[2Jgone\u202e') });
    const { out } = await run('show', `payment/${position}`, '--reveal');
    expect(out).toContain('\\u{1b}[2Jgone\\u{202e}');
  });
});

describe('replay', () => {
  test('of a filter takes all that it selects, oldest first, and nothing else', async () => {
    const orderId = newId();
    const ofOrder = () => buried(db.dataSource, delivered(orderPlaced(orderId)));
    const all = [await ofOrder(), await bury(), await ofOrder(), await ofOrder()];
    const { code, out } = await run('replay', '--key', orderId);
    expect([code, out]).toEqual([
      0,
      `replayed payment/${all[0]}\nreplayed payment/${all[2]}\nreplayed payment/${all[3]}\nreplayed: 3 of 3\n`,
    ]);
    expect(await states()).toEqual(['parked', 'dead', 'parked', 'parked']);
    expect((await actions()).map(({ position }) => position)).toEqual([all[0], all[2], all[3]]);
  });

  test('of more than a page takes all of it', async () => {
    const one = await bury();
    await db.admin.query(
      `INSERT INTO parked_messages (source, consumer, topic, key, state, attempts, next_attempt_at, event_id, headers)
       SELECT source, consumer, topic, key, state, attempts, now(), gen_random_uuid(), headers
       FROM parked_messages, generate_series(1, 204) WHERE position = $1`,
      [one],
    );
    expect((await run('replay', '--all')).out).toContain('replayed: 205 of 205');
    expect(new Set(await states())).toEqual(new Set(['parked']));
  });

  test('of messages given in any order goes by position; a refusal is told and does not stop the others', async () => {
    const [first, second] = [await bury(), await bury()];
    const { code, out, err } = await run('replay', `payment/${second}`, `payment/9999`, `payment/${first}`);
    expect(code).toBe(1);
    expect(out).toBe(`replayed payment/${first}\nreplayed payment/${second}\nreplayed: 2 of 3\n`);
    expect(err).toContain('not replayed: payment/9999: There is no message at this position.');
    expect(err).toContain('dead-letter-not-found');
  });

  test('says behind what a message waits', async () => {
    const orderId = newId();
    const head = await buried(db.dataSource, delivered(orderPlaced(orderId)));
    const later = await buried(db.dataSource, delivered(orderPlaced(orderId)));
    const { out } = await run('replay', `payment/${later}`);
    expect(out).toContain(`replayed payment/${later}; it waits behind payment/${head}, which is dead`);
  });
});

describe('discard', () => {
  test('without a reason is refused before anything is asked', async () => {
    await bury();
    const { code, err } = await run('discard', '--all');
    expect([code, err]).toEqual([1, 'A discard needs a reason: --reason "…"\n']);
    expect(await states()).toEqual(['dead']);
  });

  test('of a filter takes what it selects, with the reason on record', async () => {
    const task = await buried(db.dataSource, delivered(capturePayment()));
    await bury();
    const { out } = await run('discard', '--type', 'CapturePayment', '--reason', 'a test');
    expect(out).toBe(`discarded payment/${task}\ndiscarded: 1 of 1\n`);
    expect(await actions()).toMatchObject([{ position: task, action: 'discard', reason: 'a test' }]);
  });
});

test.each([
  ['replay', 'replay'],
  ['discard', 'discard'],
])('%s --dry-run says what it would do, and does nothing', async (...[, action]) => {
  const orderId = newId();
  const head = await buried(db.dataSource, delivered(orderPlaced(orderId)));
  const later = await buried(db.dataSource, delivered(orderPlaced(orderId)));
  const task = await buried(db.dataSource, delivered(capturePayment()));
  const { code, out } = await run(action, '--all', '--dry-run', '--reason', 'none');
  expect(code).toBe(0);
  for (const position of [head, later, task]) expect(out).toContain(`would ${action} payment/${position}`);
  expect(out).toContain('3 of 3. Nothing was done.');
  expect(await states()).toEqual(['dead', 'dead', 'dead']);
  expect([await actions(), await db.admin.query('SELECT 1 FROM outbox')]).toEqual([[], []]);
});

test.each([
  ['nothing at all', [], 'npm run dead-letters -- <command>'],
  ['another command', ['resend'], 'There is no "resend".'],
  ['replay without saying which', ['replay'], 'Which? Name messages, or give filters, or --all.'],
  ['--all with a filter', ['replay', '--all', '--type', 'OrderPlaced'], 'Which?'],
  [
    'messages with a filter',
    ['replay', 'payment/1', '--type', 'OrderPlaced'],
    'Name messages or give filters, not both.',
  ],
  ['an empty filter', ['replay', '--key', ''], '(invalid-request)'],
  ['an odd message', ['show', 'payment-1'], 'A message is named like payment/12'],
  ['another service', ['list', '--service', 'shipping'], 'Services are order, payment, inventory, email, analytics'],
  ['a time that is none', ['list', '--since', 'yesterday'], '"yesterday" is no time'],
  ['an option of another command', ['list', '--dry-run'], 'list does not know --dry-run.'],
  ['an unknown option', ['list', '--everything'], "Unknown option '--everything'"],
])('%s is answered with a sentence and exit code 1, and changes nothing', async (...[, args, sentence]) => {
  await bury();
  const { code, err } = await run(...args);
  expect(err).toContain(sentence);
  expect(err).not.toMatch(/^ {4}at /m);
  expect([code, await states(), await actions()]).toEqual([1, ['dead'], []]);
});

test('without a running shop, or with the token of another, it says so', async () => {
  shopIs({ token: 'the-token-of-another-shop' });
  expect(await run('list')).toMatchObject({ code: 1, err: expect.stringContaining('operators-only') });
  rmSync(join(folder, 'shop.json'));
  const { code, err } = await run('list');
  expect([code, err]).toEqual([1, expect.stringMatching(/^No shop is running .*npm run up starts one\.\n$/s)]);
});
