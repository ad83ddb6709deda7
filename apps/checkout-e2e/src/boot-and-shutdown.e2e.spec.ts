import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { topology } from '@cartwheel/contracts';
import { createKafka, createTopics } from '@cartwheel/kafka';
import { newId } from '@cartwheel/primitives';
import { engines, eventually, testDatabase, type TestDatabase, testNamespace } from '@cartwheel/testing';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { entities } from '../../order/src/entities.ts';
import { schemas } from '../../order/src/order.schema.ts';
import { freePorts } from '../../../tools/stack/ports.ts';

// How a service comes up, what it says when it cannot, and how it goes down.

const services = ['order', 'payment', 'inventory', 'email', 'analytics'];
const namespace = testNamespace();
let db: TestDatabase;
let good: Record<string, string>;
const running: ChildProcess[] = [];

beforeAll(async () => {
  db = await testDatabase(schemas, { entities });
  await db.admin.query(`INSERT INTO products VALUES ('mug', 'Mug', 1200, 'EUR')`);
  await createTopics(createKafka(engines().kafka.brokers, 'test'), topology(namespace, { partitions: 3 }));
  const { order } = await freePorts();
  good = {
    HTTP_PORT: String(order),
    DATABASE_URL: db.url,
    KAFKA_BROKERS: engines().kafka.brokers.join(','),
    CARTWHEEL_NAMESPACE: namespace,
  };
});
afterAll(() => db.drop());
afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
  }
});

function start(service: string, env: Record<string, string>) {
  const program = join(import.meta.dirname, `../../${service}/dist/main.js`);
  const child = spawn(process.execPath, ['--disable-warning=TimeoutNegativeWarning', program], {
    env: { PATH: process.env['PATH'], ...env },
  });
  running.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()));
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { child, exited, output: () => output };
}

const at = (path: string) => `http://127.0.0.1:${good['HTTP_PORT']}${path}`;
const isReady = () => eventually(async () => expect((await fetch(at('/health/ready'))).status).toBe(200));
const checkout = () =>
  fetch(at('/checkout'), {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': newId() },
    body: JSON.stringify({
      customer: { name: 'Ada', email: 'ada@example.com' },
      items: [{ sku: 'mug', quantity: 1 }],
      payment: { paymentMethod: 'pm_card_visa' },
    }),
  });
const outbox = async () => (await db.admin.query('SELECT 1 FROM outbox')).length;

describe('a service that cannot start says why in one sentence and exits with 1:', () => {
  test.each(services)('%s without configuration names every variable it lacks', async (service) => {
    const { exited, output } = start(service, {});
    expect(await exited).toBe(1);
    expect(output()).toContain(`${service} cannot start`);
    for (const variable of ['HTTP_PORT', 'DATABASE_URL', 'KAFKA_BROKERS'])
      expect(output()).toContain(`${variable} is missing`);
    // Only who has workers opens RabbitMQ.
    expect(output().includes('RABBITMQ_URL is missing')).toBe(['payment', 'email'].includes(service));
    expect(output()).not.toContain('    at ');
  });

  test.each([
    ['HTTP_PORT', 'many'],
    ['DATABASE_URL', 'mysql://x'],
    ['KAFKA_BROKERS', 'localhost'],
    ['ORDER_TIMEOUT_MS', '-5'],
  ])('with %s=%s it names the variable', async (variable, value) => {
    const { exited, output } = start('order', { ...good, [variable]: value });
    expect(await exited).toBe(1);
    expect(output()).toMatch(new RegExp(`${variable} is wrong: `));
  });

  test('on a database that was not set up it names what is missing', async () => {
    const empty = await testDatabase([]);
    const { exited, output } = start('order', { ...good, DATABASE_URL: empty.url });
    expect(await exited).toBe(1);
    expect(output()).toContain('the database lacks outbox, inbox, parking, idempotency, order: run the set-up');
    await empty.drop();
  });

  test('on brokers without its topics it names them', async () => {
    const { exited, output } = start('order', { ...good, CARTWHEEL_NAMESPACE: 'nobody' });
    expect(await exited).toBe(1);
    expect(output()).toContain('Kafka does not have nobody.order-events');
  });

  test('on a port that is taken it names the port and the variable', async () => {
    const holder = createServer().listen(Number(good['HTTP_PORT']), '127.0.0.1');
    const { exited, output } = start('order', good);
    expect(await exited).toBe(1);
    expect(output()).toContain(`port ${good['HTTP_PORT']} is in use; HTTP_PORT moves it`);
    await new Promise((resolve) => holder.close(resolve));
  });
});

test('a broker that is away does not make the order service unready: orders are taken, and the outbox waits', async () => {
  const service = start('order', { ...good, KAFKA_BROKERS: '127.0.0.1:1' });
  await isReady();
  expect((await checkout()).status).toBe(202);
  expect((await fetch(at('/health/live'))).status).toBe(200);
  expect(await outbox()).toBe(1);
  service.child.kill('SIGTERM');
  expect(await service.exited).toBe(0);

  // Once the broker is there, what waited goes out.
  start('order', good);
  await eventually(async () => expect(await outbox()).toBe(0));
});

test('a database that is away makes it unready but not dead', async () => {
  const refusing = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(refusing, 'listening');
  const { port } = refusing.address() as { port: number };
  start('order', { ...good, DATABASE_URL: `postgresql://x:x@127.0.0.1:${port}/x` });
  await eventually(async () => expect((await fetch(at('/health/live'))).status).toBe(200));
  const ready = await fetch(at('/health/ready'));
  expect(ready.status).toBe(503);
  const { code, detail } = (await ready.json()) as { code: string; detail: string };
  expect(code).toBe('not-healthy');
  expect(detail).toContain('database');
  await new Promise((resolve) => refusing.close(resolve));
});

test('on SIGTERM under load it answers what it took, flushes its outbox and exits with 0', async () => {
  const service = start('order', { ...good, OUTBOX_POLL_INTERVAL_MS: '20000' });
  await isReady();
  const answers = Array.from({ length: 60 }, () =>
    checkout().then(
      ({ status }) => status,
      () => 'refused',
    ),
  );
  await Promise.race(answers);
  service.child.kill('SIGTERM');
  expect(await service.exited).toBe(0);

  // Whoever was answered 202 has an order; the others were refused the connection or told to come back.
  const statuses = await Promise.all(answers);
  expect(statuses).toContain(202);
  expect(statuses.filter((status) => ![202, 503, 'refused'].includes(status))).toEqual([]);
  const placed = await db.admin.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM order_events WHERE type = 'OrderPlaced' AND occurred_at > now() - interval '20 seconds'`,
  );
  expect(placed[0]!.n).toBeGreaterThanOrEqual(statuses.filter((status) => status === 202).length);
  expect(await outbox()).toBe(0);
});

test('a service may not rewrite its history, nor touch what it was not granted', async () => {
  for (const statement of [
    'DELETE FROM order_events',
    `UPDATE order_events SET type = 'x'`,
    'UPDATE products SET price_minor = 1',
    'DROP TABLE orders',
  ]) {
    await expect(db.pool.query(statement)).rejects.toThrow(/permission denied|must be owner/);
  }
});
