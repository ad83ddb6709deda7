import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { contracts, type Delivery, fact, headersOf, task, topology } from '@cartwheel/contracts';
import { outboxSchema, UnitOfWork, Wake } from '@cartwheel/outbox';
import { parking, parkingSchema } from '@cartwheel/parking';
import { newId, Permanent, Transient } from '@cartwheel/primitives';
import { testDatabase, type TestDatabase } from '@cartwheel/testing';
import { inboxSchema, taskAttemptsSchema, type TaskContext, TaskInbox, type TaskOutcome } from './index.ts';

let db: TestDatabase;
let inbox: TaskInbox;
const live = new AbortController().signal;
const origin = { source: 'payment', contracts, topology: topology() };
const orderId = newId();
const cause = { correlationId: newId(), causationId: newId() };

beforeAll(async () => {
  db = await testDatabase([outboxSchema, parkingSchema, inboxSchema, taskAttemptsSchema]);
  inbox = new TaskInbox(options());
});
afterAll(() => db.drop());
beforeEach(() => db.admin.query('TRUNCATE outbox, parked_messages, processed_events, task_attempts'));

function options() {
  const wake = new Wake();
  const unitOfWork = new UnitOfWork(db.dataSource, origin, wake);
  return { consumer: 'payment.card', dataSource: db.dataSource, origin, unitOfWork, wake, parking };
}

function delivered(change: Partial<Delivery> = {}): Delivery {
  const message = task('CapturePayment', orderId, { orderId, paymentId: newId() });
  const value = Buffer.from(JSON.stringify(message.data));
  return {
    source: 'rabbitmq',
    topic: 'payment.card',
    key: null,
    headers: headersOf(message, 'payment', cause),
    value,
    ...change,
  };
}
const worker = (handle: (context: TaskContext) => Promise<void>) => ({
  has: (type: string) => type === 'CapturePayment',
  handle: (_: string, __: unknown, context: TaskContext) => handle(context),
});
const captured = () =>
  fact('PaymentReceived', orderId, { orderId, paymentId: newId(), amount: { amountMinor: 1, currency: 'EUR' } });

const ids = () => db.admin.query('SELECT event_id FROM processed_events');
const dead = () => db.admin.query<{ error_class: string }>('SELECT * FROM parked_messages');
const attempts = async () =>
  (await db.admin.query<{ outcome: string | null }>('SELECT outcome FROM task_attempts ORDER BY attempt')).map(
    (row) => row.outcome,
  );
const outbox = () => db.admin.query<{ headers: Record<string, string> }>('SELECT headers FROM outbox');

describe('a task', () => {
  test('records its outcome, its id and what follows together; what follows was caused by the fact behind the task', async () => {
    const outcome = await inbox.apply(
      delivered(),
      worker((ctx) => ctx.finish((tx) => Promise.resolve(tx.emit(captured())))),
      live,
    );
    expect(outcome).toEqual({ kind: 'ack' });
    expect(await ids()).toHaveLength(1);
    expect((await outbox())[0]!.headers['ce_causationid']).toBe(cause.causationId);
    expect(await attempts()).toEqual(['done']);
  });

  test('that was recorded is not done again, however often and however concurrently it is delivered', async () => {
    const delivery = delivered();
    let calls = 0;
    const work = worker(async (ctx) => {
      calls += 1;
      await ctx.finish((tx) => Promise.resolve(tx.emit(captured())));
    });
    await inbox.apply(delivery, work, live);
    await inbox.apply(delivery, work, live);
    expect(calls).toBe(1);
    const other = delivered();
    await Promise.all([inbox.apply(other, work, live), inbox.apply(other, work, live)]);
    expect(await outbox()).toHaveLength(2);
  });

  test('that two workers have in hand at the same time is recorded once', async () => {
    const delivery = delivered();
    const both = Promise.withResolvers<void>();
    let inHand = 0;
    const work = worker(async (ctx) => {
      if ((inHand += 1) === 2) both.resolve();
      await both.promise;
      await ctx.finish((tx) => Promise.resolve(tx.emit(captured())));
    });
    await Promise.all([inbox.apply(delivery, work, live), inbox.apply(delivery, work, live)]);
    expect(await outbox()).toHaveLength(1);
  });

  test('that is delivered again while it is begun counts each attempt, and finds nothing wrong with the database', async () => {
    const events: [string, unknown][] = [];
    const watched = new TaskInbox({ ...options(), onEvent: (event, details) => events.push([event, details]) });
    const [delivery, many] = [delivered(), 10];
    const begun = Array.from({ length: many }, () =>
      watched.apply(
        delivery,
        worker(() => Promise.resolve()),
        live,
      ),
    );
    await Promise.all(begun);
    expect(events.filter(([event]) => event === 'failed')).toEqual([]);
    const counted = await db.admin.query<{ attempt: number }>('SELECT attempt FROM task_attempts ORDER BY attempt');
    expect(counted.map(({ attempt }) => attempt)).toEqual(counted.map((_, index) => index + 1));
    expect(await ids()).toHaveLength(1);
  });

  test('that is not due records its id and emits nothing', async () => {
    expect(
      await inbox.apply(
        delivered(),
        worker(() => Promise.resolve()),
        live,
      ),
    ).toEqual({ kind: 'ack' });
    expect(await ids()).toHaveLength(1);
    expect(await outbox()).toEqual([]);
  });

  test('has no transaction open while the outside is asked', async () => {
    await inbox.apply(
      delivered(),
      worker(async (ctx) => {
        await ctx.transaction((tx) => tx.query('SELECT 1'));
        const open = await db.admin.query(
          `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'`,
        );
        expect(open).toEqual([]);
      }),
      live,
    );
    expect(await attempts()).toEqual(['done']);
  });
});

/** Follows the ladder as the strategy does: the headers of a retry are those of the next delivery. */
async function climb(error: () => Error, deliveries: number): Promise<TaskOutcome[]> {
  const outcomes: TaskOutcome[] = [];
  let delivery = delivered();
  for (let n = 0; n < deliveries; n += 1) {
    const outcome = await inbox.apply(
      delivery,
      worker(() => Promise.reject(error())),
      live,
    );
    outcomes.push(outcome);
    if (outcome.kind === 'ack') break;
    delivery = { ...delivery, headers: { ...delivery.headers, ...outcome.headers } };
  }
  return outcomes;
}
const rungs = (outcomes: TaskOutcome[]) => outcomes.map((outcome) => (outcome.kind === 'retry' ? outcome.rung : 'ack'));

describe('a failure', () => {
  test('that is Transient climbs the ladder and then stays on its last rung, never using up attempts', async () => {
    expect(rungs(await climb(() => new Transient('the gateway is away'), 9))).toEqual([0, 1, 2, 3, 3, 3, 3, 3, 3]);
    expect(await dead()).toEqual([]);
    expect(await ids()).toEqual([]);
  });

  test('of another kind is dead after one attempt per rung and one more', async () => {
    expect(rungs(await climb(() => new TypeError('a bug'), 9))).toEqual([0, 1, 2, 3, 'ack']);
    expect(await dead()).toMatchObject([{ source: 'rabbitmq', error_class: 'TypeError', attempts: 5, state: 'dead' }]);
    expect(await ids()).toHaveLength(1);
    expect(await attempts()).toEqual(['retry', 'retry', 'retry', 'retry', 'dead']);
  });

  test('in the step that records the outcome leaves no id behind: the next attempt records it', async () => {
    const delivery = delivered();
    const failing = worker((ctx) => ctx.finish(() => Promise.reject(new TypeError('a bug'))));
    expect(await inbox.apply(delivery, failing, live)).toMatchObject({ kind: 'retry' });
    const mended = worker((ctx) => ctx.finish((tx) => Promise.resolve(tx.emit(captured()))));
    expect(await inbox.apply(delivery, mended, live)).toEqual({ kind: 'ack' });
    expect([(await ids()).length, (await outbox()).length]).toEqual([1, 1]);
  });

  test('that is Permanent is dead at once', async () => {
    expect(rungs(await climb(() => new Permanent('refused'), 9))).toEqual(['ack']);
    expect(await dead()).toHaveLength(1);
  });

  test('of the database is waited out with the task in hand, and counts for nobody', async () => {
    let calls = 0;
    const outcome = await inbox.apply(
      delivered(),
      worker(async (ctx) => {
        await ctx.transaction(async (tx) => {
          calls += 1;
          if (calls > 2) return;
          const [me] = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
          await db.admin.query('SELECT pg_terminate_backend($1)', [me!.pid]);
          await tx.query('SELECT 1');
        });
      }),
      live,
    );
    expect(outcome).toEqual({ kind: 'ack' });
    expect(calls).toBe(3);
    expect(await dead()).toEqual([]);
  });
});

test('edited retry headers count as a first delivery, and loop nothing', async () => {
  const edited = { cartwheel_attempt: 'x', cartwheel_failures: '-3', cartwheel_first_failed_at: 'yesterday' };
  const plain = delivered();
  const delivery = { ...plain, headers: { ...plain.headers, ...edited } };
  const retried = await inbox.apply(
    delivery,
    worker(() => Promise.reject(new Error('no'))),
    live,
  );
  expect(retried).toMatchObject({
    kind: 'retry',
    rung: 0,
    headers: { cartwheel_attempt: '2', cartwheel_failures: '1' },
  });
  expect(
    await inbox.apply(
      delivery,
      worker(() => Promise.reject(new Permanent('no'))),
      live,
    ),
  ).toEqual({ kind: 'ack' });
  expect(await dead()).toHaveLength(1);
});

test.each([
  ['is no JSON', { value: Buffer.from('{') }],
  ['has no headers', { headers: {} }],
  [
    'nobody here works on',
    {
      headers: headersOf(
        task('SendEmail', orderId, { orderId, emailId: newId(), template: 'confirmation' }),
        'x',
        cause,
      ),
    },
  ],
])('a task that %s is dead, and stays one dead letter when it is delivered again', async (_, change) => {
  const poison = delivered(change);
  expect(
    await inbox.apply(
      poison,
      worker(() => Promise.resolve()),
      live,
    ),
  ).toEqual({ kind: 'ack' });
  expect(
    await inbox.apply(
      poison,
      worker(() => Promise.resolve()),
      live,
    ),
  ).toEqual({ kind: 'ack' });
  expect(await dead()).toHaveLength(1);
});

test('a task that no ladder can hold is a dead row with the reason, and its id is taken', async () => {
  const task = delivered();
  expect(await inbox.giveUp(task, 'RabbitMQ cannot carry its headers', live)).toEqual({ kind: 'ack' });
  const refused = { topic: 'payment.card', state: 'dead', error_class: 'Refused' };
  expect(await dead()).toMatchObject([{ ...refused, error_message: 'RabbitMQ cannot carry its headers' }]);
  expect(await ids()).toEqual([{ event_id: task.headers['ce_id'] }]);
  await inbox.giveUp(task, 'RabbitMQ cannot carry its headers', live);
  expect(await dead()).toHaveLength(1);
});

describe('a task that the broker gave up', () => {
  const history = { cartwheel_attempt: '3', cartwheel_first_failed_at: '2026-01-02T03:04:05.000Z' };
  const death = [{ queue: 'payment.card', reason: 'delivery_limit', count: 1, exchange: 'tasks' }];
  const given = (change: Partial<Delivery> = {}): Delivery => {
    const plain = delivered(change);
    const headers = { ...plain.headers, ...history, 'x-death': death as unknown as string };
    return { ...plain, headers };
  };

  test('is a dead row with all that is known of it, and its id is taken', async () => {
    const task = given();
    expect(await inbox.drain(task, live)).toEqual({ kind: 'ack' });
    const [row] = await db.admin.query<{ headers: Record<string, { base64: string }>; first_failed_at: Date }>(
      'SELECT * FROM parked_messages',
    );
    const expected = {
      topic: 'payment.card',
      state: 'dead',
      error_class: 'DeliveryLimit',
      attempts: 3,
      payload: task.value,
    };
    expect(row).toMatchObject(expected);
    expect(row!.first_failed_at.toISOString()).toBe(history.cartwheel_first_failed_at);
    expect(JSON.parse(Buffer.from(row!.headers['x-death']!.base64, 'base64').toString())).toEqual(death);
    expect(await ids()).toEqual([{ event_id: task.headers['ce_id'] }]);
  });

  test('after its outcome was recorded, or twice, is nothing to look at', async () => {
    const done = given();
    await inbox.apply(
      done,
      worker(() => Promise.resolve()),
      live,
    );
    await inbox.drain(done, live);
    expect(await dead()).toEqual([]);
    const lost = given();
    await inbox.drain(lost, live);
    await inbox.drain(lost, live);
    expect(await dead()).toHaveLength(1);
  });

  test('and that cannot be read is one dead letter, at its queue and here', async () => {
    const poison = given({ headers: {}, value: Buffer.from('{') });
    await inbox.drain(poison, live);
    await inbox.apply(
      poison,
      worker(() => Promise.resolve()),
      live,
    );
    expect(await dead()).toHaveLength(1);
  });
});
