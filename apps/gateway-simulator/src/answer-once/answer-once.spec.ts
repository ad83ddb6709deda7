import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { invalidRequest, Refusal } from '../refusal.ts';
import { openStore } from '../store.ts';
import type { Store } from '../store.ts';
import { AnswerOnce } from './answer-once.ts';
import type { Outcome } from './answer-once.ts';

const request = { key: 'k1', fingerprint: 'f1' };

describe('an idempotency key', () => {
  let store: Store;
  let once: AnswerOnce;
  let effects: number;

  beforeEach(() => {
    store = openStore(':memory:');
    once = new AnswerOnce(store, () => undefined, 60_000);
    effects = 0;
  });
  afterEach(() => store.close());

  const work = (status = 200) => {
    return async () => (): Outcome => ({ status, body: { effect: ++effects } });
  };
  const failing = (error: Error) => async () => () => {
    throw error;
  };

  it.each([200, 402, 500])('gives the stored answer again when the first was %i, and works once', async (status) => {
    const first = await once.answer(request, work(status));
    const second = await once.answer(request, work(status));
    expect(second).toEqual({ status, json: first.json, replayed: true });
    expect(effects).toBe(1);
  });

  it('works each time when there is none', async () => {
    await once.answer({ ...request, key: null }, work());
    await once.answer({ ...request, key: null }, work());
    expect(effects).toBe(2);
  });

  it('is refused with idempotency_error when it comes with another request', async () => {
    await once.answer(request, work());
    await expect(once.answer({ key: 'k1', fingerprint: 'f2' }, work())).rejects.toMatchObject({
      status: 400,
      error: { type: 'idempotency_error' },
    });
    expect(effects).toBe(1);
  });

  it('is refused with 409 while the first is at work, and replayed after', async () => {
    const gate = Promise.withResolvers<() => Outcome>();
    const first = once.answer(request, () => gate.promise);
    await expect(once.answer(request, work())).rejects.toMatchObject({
      status: 409,
      error: { code: 'idempotency_key_in_use' },
    });
    gate.resolve(await work()());
    await first;
    expect(await once.answer(request, work())).toMatchObject({ status: 200, replayed: true });
    expect(effects).toBe(1);
  });

  it('stays free when the request is refused before it begins', async () => {
    const refuse = () => Promise.reject(invalidRequest('unreadable'));
    await expect(once.answer(request, refuse)).rejects.toMatchObject({ status: 400 });
    expect(await once.answer(request, work())).toMatchObject({ status: 200, replayed: false });
  });

  it('stays free when the work finds its parameters wrong', async () => {
    await expect(once.answer(request, failing(invalidRequest('too much')))).rejects.toMatchObject({ status: 400 });
    expect(await once.answer(request, work())).toMatchObject({ status: 200, replayed: false });
  });

  it('keeps a refusal that was decided while executing', async () => {
    const refusal = new Refusal(400, { type: 'invalid_request_error', message: 'wrong state' }, { kept: true });
    expect(await once.answer(request, failing(refusal))).toMatchObject({ status: 400, replayed: false });
    expect(await once.answer(request, work())).toMatchObject({ status: 400, replayed: true });
    expect(effects).toBe(0);
  });

  it('is forgotten after its lifetime: the same key works again', async () => {
    await once.answer(request, work());
    const forgetful = new AnswerOnce(store, () => undefined, 0);
    expect(await forgetful.answer(request, work())).toMatchObject({ status: 200, replayed: false });
    expect(effects).toBe(2);
  });

  it('keeps a 500 and undoes the effect when the work fails half way', async () => {
    const half = async () => () => {
      store.exec(`INSERT INTO intents VALUES ('pi_half', '{}')`);
      throw new Error('half way');
    };
    expect(await once.answer(request, half)).toMatchObject({ status: 500, replayed: false });
    expect(await once.answer(request, work())).toMatchObject({ status: 500, replayed: true });
    expect(store.prepare('SELECT * FROM intents').all()).toEqual([]);
  });
});
