import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Delivery, headersOf, task } from '@cartwheel/contracts';
import { newId } from '@cartwheel/primitives';
import { deliveredFact, runFixture, testDatabase, type TestDatabase } from '@cartwheel/testing';
import { join } from 'node:path';
import { applied, due, emptyInstance, instance, instanceSchemas, kept, offsets } from './fixtures/instance.ts';
import { taskAttemptsSchema } from './index.ts';

// A handler that ends its process, by whatever means, and the processes that are started after it.

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase([...instanceSchemas, taskAttemptsSchema]);
});
afterAll(() => db.drop());
beforeEach(async () => {
  await emptyInstance(db);
  await db.admin.query('TRUNCATE task_attempts');
});

type Harm = { readonly poison?: string | undefined; readonly how?: string };

/** Starts a process that does this work. Whether it lived, and what it said. */
async function start(work: readonly Delivery[], { poison = 'none', how = 'exit' }: Harm) {
  const env = { DATABASE: db.url, WORK: JSON.stringify(work), POISON: poison, HOW: how };
  const { code, signal, output } = await runFixture(join(import.meta.dirname, 'fixtures/killer.ts'), env);
  return { lived: code === 0, how: signal ?? code, output };
}
/** Starts it again and again, as whoever watches over processes does, until one lives. How many died. */
async function deathsUntilOneLives(work: readonly Delivery[], harm: Harm): Promise<number> {
  for (let deaths = 0; deaths < 10; deaths += 1) if ((await start(work, harm)).lived) return deaths;
  throw new Error('ten starts, ten deaths');
}

describe('a fact that ends its process', () => {
  test.each(['exit', 'kill', 'throws later'])(
    '(%s) is parked after three deaths; what stands beside it in its chunk is applied, once',
    async (how) => {
      const chunk = Array.from({ length: 5 }, () => deliveredFact());
      const poison = chunk[2]!.offset;
      expect(await deathsUntilOneLives(chunk, { poison, how })).toBe(3);
      expect(await applied(db)).toEqual(offsets(chunk.filter(({ offset }) => offset !== poison)));
      expect(await kept(db)).toMatchObject([
        { offset: poison, state: 'parked', attempts: 3, error_class: 'ProcessDied' },
      ]);
      expect(await db.admin.query('SELECT 1 FROM begun_attempts')).toEqual([]);
    },
  );

  test('is dead after five deaths: each retry is on record before it runs', async () => {
    const chunk = [deliveredFact()];
    const poison = chunk[0]!.offset;
    let deaths = await deathsUntilOneLives(chunk, { poison });
    while ((await kept(db))[0]!.state === 'parked') {
      await due(db);
      deaths += await deathsUntilOneLives([], { poison });
    }
    expect(deaths).toBe(5);
    expect(await kept(db)).toMatchObject([{ state: 'dead', attempts: 5, error_class: 'ProcessDied' }]);
  });

  test('and waits behind another one of its key does not end processes for ever either', async () => {
    const key = Buffer.from(newId());
    const chunk = [deliveredFact(newId(), { key }), deliveredFact(newId(), { key })];
    await instance(db, () => Promise.reject(new Error('no'))).apply(...chunk);
    const poison = chunk[1]!.offset;
    for (let deaths = 0; (await kept(db)).at(-1)!.state === 'parked';) {
      await due(db);
      deaths += await deathsUntilOneLives([], { poison });
      expect(deaths).toBeLessThanOrEqual(5);
    }
    expect(await applied(db)).toEqual(offsets([chunk[0]!]));
    expect(await kept(db)).toMatchObject([{ offset: poison, state: 'dead', error_class: 'ProcessDied' }]);
  });

  test('when it is mended meanwhile is applied at the next retry', async () => {
    const chunk = [deliveredFact()];
    await deathsUntilOneLives(chunk, { poison: chunk[0]!.offset });
    await due(db);
    expect(await start([], {})).toMatchObject({ lived: true });
    expect([await applied(db), await kept(db)]).toEqual([offsets(chunk), []]);
  });

  test('is nobody when processes end for other reasons: all are applied, none is parked for good', async () => {
    const chunk = Array.from({ length: 3 }, () => deliveredFact());
    for (const { offset } of chunk) expect((await start(chunk, { poison: offset })).lived).toBe(false);
    for (let n = 0; n < 3; n += 1) {
      await start(chunk, {});
      await due(db);
    }
    expect((await applied(db)).toSorted()).toEqual(offsets(chunk).toSorted());
    expect(await kept(db)).toEqual([]);
  });
});

describe('a task that ends its process', () => {
  const aTask = (): Delivery => {
    const message = task('CapturePayment', newId(), { orderId: newId(), paymentId: newId() });
    const cause = { correlationId: newId(), causationId: newId() };
    const value = Buffer.from(JSON.stringify(message.data));
    return {
      source: 'rabbitmq',
      topic: 'payment.card',
      key: null,
      headers: headersOf(message, 'payment', cause),
      value,
    };
  };

  test('is dead after three deaths, whatever the broker counts, and can be replayed', async () => {
    const work = [aTask()];
    expect(await deathsUntilOneLives(work, { poison: 'task' })).toBe(3);
    expect(await kept(db)).toMatchObject([{ state: 'dead', error_class: 'ProcessDied' }]);
    // As a replay does: it counts from nothing, and the mended worker does the task.
    await db.admin.query('TRUNCATE parked_messages, processed_events');
    expect(await start(work, {})).toMatchObject({ lived: true, output: 'ack\n' });
    expect(await kept(db)).toEqual([]);
    expect(await db.admin.query(`SELECT 1 FROM task_attempts WHERE outcome = 'done'`)).toHaveLength(1);
  });
});

describe('a promise that a handler lets go of, and that is rejected,', () => {
  test.each(['stray', 'stray later'])('(%s) is its fact’s failure, and the process lives', async (how) => {
    const chunk = Array.from({ length: 3 }, () => deliveredFact());
    const poison = chunk[1]!.offset;
    const { lived, output } = await start(chunk, { poison, how });
    expect([lived, output]).toEqual([true, expect.stringContaining('stray: let go of')]);
    expect(await applied(db)).toEqual(offsets([chunk[0]!, chunk[2]!]));
    expect(await kept(db)).toMatchObject([
      { offset: poison, state: 'parked', attempts: 1, error_message: 'let go of' },
    ]);
    await due(db);
    await start([], { poison, how });
    expect(await kept(db)).toMatchObject([{ offset: poison, attempts: 2 }]);
  });

  test('is its task’s failure', async () => {
    const message = task('CapturePayment', newId(), { orderId: newId(), paymentId: newId() });
    const headers = headersOf(message, 'payment', { correlationId: newId(), causationId: newId() });
    const value = Buffer.from(JSON.stringify(message.data));
    const one: Delivery = { source: 'rabbitmq', topic: 'payment.card', key: null, headers, value };
    const { lived, output } = await start([one], { poison: 'task', how: 'stray' });
    expect([lived, output]).toEqual([true, 'retry\nstray: let go of\n']);
    expect(await db.admin.query('SELECT 1 FROM processed_events')).toEqual([]);
  });
});
