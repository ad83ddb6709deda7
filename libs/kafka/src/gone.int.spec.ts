import { eventually } from '@cartwheel/testing';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { strategyBench, type StrategyBench, valuesOf } from './fixtures/strategy-bench.ts';
import type { GoneRecords } from './kafka.strategy.ts';

let bench: StrategyBench;
beforeEach(async () => {
  bench = await strategyBench();
});
afterEach(() => bench.close());

/** As retention does, or an administrator. */
async function deleteUpTo(offset: number): Promise<void> {
  const admin = bench.kafka.admin();
  await admin.connect();
  const { topic } = bench.orders;
  // kafkajs looks for the leader in what it has been told of the topic before.
  await admin.fetchTopicMetadata({ topics: [topic] });
  await admin.fetchTopicOffsets(topic);
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] });
  await admin.disconnect();
}

const letters = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];
const goneOf = (from: string, to: string): GoneRecords => ({ topic: bench.orders.topic, partition: 0, from, to });

describe('records that are deleted before the group reads them', () => {
  test('while it is away are on record at its next start, and the rest is read', async () => {
    const applied: string[] = [];
    const first = bench.start((chunk) => Promise.resolve(void applied.push(...valuesOf(chunk))));
    await bench.orders.produce(0, 'a', 'b', 'c');
    await eventually(async () => expect(await bench.orders.committed()).toMatchObject({ 0: 3 }));
    await first.strategy.close();
    await bench.orders.produce(0, ...letters.slice(3));
    await deleteUpTo(8);
    const gone: GoneRecords[] = [];
    bench.start((chunk) => Promise.resolve(void applied.push(...valuesOf(chunk))), {
      onGone: (records) => Promise.resolve(void gone.push(records)),
    });
    await eventually(() => expect(applied).toEqual(['a', 'b', 'c', 'i', 'j']));
    await eventually(() => expect(gone).toEqual([goneOf('3', '8')]));
  });

  test('while it waits for its database are on record, also when nothing is left to read and a first note fails', async () => {
    let isAway = true;
    const gone: GoneRecords[] = [];
    let notes = 0;
    const { seen } = bench.start(
      () => (isAway ? Promise.reject(new Error('the database is away')) : Promise.resolve()),
      {
        onGone: (records) => {
          notes += 1;
          if (notes === 1) return Promise.reject(new Error('the database is away'));
          return Promise.resolve(void gone.push(records));
        },
      },
    );
    await bench.orders.produce(0, ...letters);
    await eventually(() => expect(seen('repeating').length).toBeGreaterThan(0));
    await deleteUpTo(10);
    isAway = false;
    await eventually(() => expect(gone).toEqual([goneOf('0', '10')]));
  });
});
