import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { contracts, type Delivery, headersOf, task, topology } from '@cartwheel/contracts';
import { outboxSchema, type Tx, UnitOfWork, Wake } from '@cartwheel/outbox';
import { parking, parkingSchema } from '@cartwheel/parking';
import { newId } from '@cartwheel/primitives';
import { eventually, testDatabase, type TestDatabase } from '@cartwheel/testing';
import { inboxSchema, taskAttemptsSchema, type TaskContext, TaskInbox } from './index.ts';

// What fails in a worker's transactions, and how often the outside is asked meanwhile.

let db: TestDatabase;
const live = new AbortController().signal;
const origin = { source: 'payment', contracts, topology: topology() };
beforeAll(async () => {
  db = await testDatabase([outboxSchema, parkingSchema, inboxSchema, taskAttemptsSchema]);
});
afterAll(() => db.drop());
beforeEach(() => db.admin.query('TRUNCATE outbox, parked_messages, processed_events, task_attempts'));

function aTask(): Delivery {
  const message = task('CapturePayment', newId(), { orderId: newId(), paymentId: newId() });
  const headers = headersOf(message, 'payment', { correlationId: newId(), causationId: newId() });
  return {
    source: 'rabbitmq',
    topic: 'payment.card',
    key: null,
    headers,
    value: Buffer.from(JSON.stringify(message.data)),
  };
}

/** Applies a task whose worker asks the outside, does `step` and then records the outcome with `record`. */
function worker({ step, record }: Partial<Record<'step' | 'record', (tx: Tx, n: number) => Promise<unknown>>>) {
  const wake = new Wake();
  const unitOfWork = new UnitOfWork(db.dataSource, origin, wake);
  const inbox = new TaskInbox({
    consumer: 'payment.card',
    dataSource: db.dataSource,
    origin,
    unitOfWork,
    wake,
    parking,
  });
  const calls = { asked: 0, recorded: 0, stepped: 0 };
  const handlers = {
    has: () => true,
    async handle(_: string, __: unknown, ctx: TaskContext) {
      calls.asked += 1;
      if (step) await ctx.transaction((tx) => step(tx, (calls.stepped += 1)));
      await ctx.finish(async (tx) => void (await record?.(tx, (calls.recorded += 1))));
    },
  };
  return { calls, apply: (signal = live) => inbox.apply(aTask(), handlers, signal) };
}

const killed = async (tx: Tx) => {
  const [me] = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  await db.admin.query('SELECT pg_terminate_backend($1)', [me!.pid]);
  await tx.query('SELECT 1');
};
const raise = (code: string) => (tx: Tx) => tx.query(`DO $$ BEGIN RAISE 'no' USING ERRCODE = '${code}'; END $$`);

test.each(['step', 'record'] as const)(
  'a database that fails a worker’s transaction (%s) is waited for there: the outside is asked once',
  async (where) => {
    const { calls, apply } = worker({ [where]: async (tx: Tx, n: number) => (n <= 4 ? killed(tx) : undefined) });
    expect(await apply()).toEqual({ kind: 'ack' });
    expect(calls.asked).toBe(1);
    expect(await db.admin.query('SELECT outcome FROM task_attempts')).toEqual([{ outcome: 'done' }]);
  },
);

test.each(['step', 'record'] as const)(
  'an error of the code in a worker’s transaction (%s) climbs the ladder at once',
  async (where) => {
    const { calls, apply } = worker({ [where]: (tx: Tx) => tx.query('SELECT $1::int', [1, 2]) });
    expect(await apply()).toMatchObject({ kind: 'retry', headers: { cartwheel_failures: '1' } });
    expect(calls.asked).toBe(1);
    expect(await db.admin.query('SELECT 1 FROM processed_events')).toEqual([]);
  },
);

test.each(['step', 'record'] as const)(
  'what may be chance in a worker’s transaction (%s) is tried three times there, and then climbs the ladder',
  async (where) => {
    const { calls, apply } = worker({ [where]: raise('57014') });
    expect(await apply()).toMatchObject({ kind: 'retry', headers: { cartwheel_failures: '1' } });
    expect([calls.asked, where === 'step' ? calls.stepped : calls.recorded]).toEqual([1, 3]);
  },
);

test('a worker that is stopped while it waits for the database leaves the task to be delivered again', async () => {
  const stop = new AbortController();
  const { calls, apply } = worker({ record: killed });
  const applying = apply(stop.signal);
  await eventually(() => expect(calls.recorded).toBeGreaterThan(2));
  stop.abort(new Error('stopping'));
  await expect(applying).rejects.toThrow('stopping');
  expect(await db.admin.query('SELECT 1 FROM processed_events')).toEqual([]);
});

test('a worker that hides that its outcome was not recorded has failed', async () => {
  const wake = new Wake();
  const unitOfWork = new UnitOfWork(db.dataSource, origin, wake);
  const inbox = new TaskInbox({
    consumer: 'payment.card',
    dataSource: db.dataSource,
    origin,
    unitOfWork,
    wake,
    parking,
  });
  const handle = (_: string, __: unknown, ctx: TaskContext) =>
    ctx.finish(() => Promise.reject(new TypeError('a bug'))).catch(() => undefined);
  expect(await inbox.apply(aTask(), { has: () => true, handle }, live)).toMatchObject({ kind: 'retry' });
});

test('a worker that never settles has failed when its deadline is over, and what it does later is not recorded', async () => {
  const wake = new Wake();
  const unitOfWork = new UnitOfWork(db.dataSource, origin, wake);
  const options = {
    consumer: 'payment.card',
    dataSource: db.dataSource,
    origin,
    unitOfWork,
    wake,
    parking,
    deadlineMs: 200,
  };
  const outside = Promise.withResolvers<void>();
  let late: Promise<unknown> | undefined;
  const handle = async (_: string, __: unknown, ctx: TaskContext) => {
    await outside.promise;
    late = ctx.finish(() => Promise.resolve());
    await late;
  };
  const outcome = await new TaskInbox(options).apply(aTask(), { has: () => true, handle }, live);
  expect(outcome).toMatchObject({ kind: 'retry', headers: { cartwheel_last_error: 'DeadlineExceeded' } });
  outside.resolve();
  await eventually(() => expect(late).toBeDefined());
  await expect(late).rejects.toThrow('this attempt is over');
  expect(await db.admin.query('SELECT 1 FROM processed_events')).toEqual([]);
});

test('time that the database takes is not the worker’s', async () => {
  const wake = new Wake();
  const unitOfWork = new UnitOfWork(db.dataSource, origin, wake);
  const options = {
    consumer: 'payment.card',
    dataSource: db.dataSource,
    origin,
    unitOfWork,
    wake,
    parking,
    deadlineMs: 400,
  };
  let tries = 0;
  const handle = (_: string, __: unknown, ctx: TaskContext) =>
    ctx.finish(async (tx) => void ((tries += 1) <= 4 && (await killed(tx))));
  const begun = performance.now();
  expect(await new TaskInbox(options).apply(aTask(), { has: () => true, handle }, live)).toEqual({ kind: 'ack' });
  // The pauses before the repeats alone are longer than the deadline.
  expect(performance.now() - begun).toBeGreaterThan(400);
});
