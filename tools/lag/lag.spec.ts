import { topology } from '@cartwheel/contracts';
import { describe, expect, test } from '@jest/globals';
import type { Admin } from 'kafkajs';
import { drainedIn, lagOf, measure, type PartitionSample, type Sample } from './measure.ts';
import { readGroups } from './read.ts';
import { renderGroups, renderPartitions, renderQueues } from './render.ts';

const at = (partition: number, committed: number, high: number, change: Partial<PartitionSample> = {}) => ({
  ...{ group: 'payment', topic: 'order-events', partition, low: 0, high, committed },
  ...change,
});
const look = (atMs: number, ...partitions: PartitionSample[]): Sample => ({ atMs, partitions });

describe('the lag of a partition', () => {
  test.each([
    ['is what was not read', at(0, 7, 10), 3],
    ['is nothing when all was read', at(0, 10, 10), 0],
    ['is all of it when the group never said how far it is', at(0, -1, 10), 10],
    ['counts only what is still there', at(0, 2, 10, { low: 6 }), 4],
    ['is nothing when the log was made anew and is shorter than what was read', at(0, 12, 10), 0],
  ])('%s', (...[, sample, lag]) => expect(lagOf(sample)).toBe(lag));
});

describe('a group', () => {
  test('is told by the sums of its partitions', () => {
    const [row] = measure(undefined, look(0, at(0, 5, 10), at(1, 10, 10), at(2, 1, 90)));
    expect(row).toMatchObject({
      partitions: 3,
      behind: 2,
      lag: 94,
      drainedIn: 'never',
    });
  });

  test('that reads more than comes in is drained when the difference has eaten up the lag', () => {
    const [row] = measure(look(0, at(0, 0, 100)), look(2_000, at(0, 60, 120)));
    expect(row).toMatchObject({ lag: 60, inRate: 10, outRate: 30, drainedIn: 3 });
  });

  test('that reads no more than comes in is never drained', () => {
    const [row] = measure(look(0, at(0, 0, 100)), look(1_000, at(0, 10, 110)));
    expect(row).toMatchObject({ lag: 100, inRate: 10, outRate: 10, drainedIn: 'never' });
  });

  test('that commits for the first time is as fast as what it has read since', () => {
    const [row] = measure(look(0, at(0, -1, 100)), look(1_000, at(0, 40, 100)));
    expect(row).toMatchObject({ outRate: 40, lag: 60 });
  });

  test('whose offsets were reset has no rate below nothing', () => {
    const [row] = measure(look(0, at(0, 100, 100)), look(1_000, at(0, 0, 100)));
    expect(row).toMatchObject({ outRate: 0, lag: 100 });
  });

  test('has a row for each of its topics', () => {
    const rows = measure(undefined, look(0, at(0, 1, 1), at(0, 1, 1, { topic: 'payment-events' })));
    expect(rows.map(({ topic }) => topic)).toEqual(['order-events', 'payment-events']);
  });
});

test('what is drained already takes no time', () => expect(drainedIn(0, -5)).toBe(0));

test('the tables fit 80 columns, whatever the names and counts', () => {
  const long = { group: `${'n'.repeat(30)}.analytics.top-products`, topic: `${'n'.repeat(30)}.inventory-events` };
  const now = look(1_000, at(11, 12_345_678, 98_765_432, long), at(0, 0, 10));
  const before = look(0, at(11, 12_000_000, 12_000_000, long), at(0, 0, 5));
  const queues = ['payment.card', 'payment.card.retry.5m', 'email.message.dead', `${'n'.repeat(40)}.email.message`].map(
    (name, ready) => ({ name, ready, workers: 8 }),
  );
  const told = [renderGroups(measure(before, now)), renderPartitions(now), renderQueues(queues)].join('\n');
  expect(told.split('\n').filter((line) => line.length > 80)).toEqual([]);
  expect(told).toContain('never');
});

test('of the queues the work queues are shown, and others only while something is in them', () => {
  const names = ['payment.card', 'payment.card.retry.1s', 'payment.card.dead', 'email.message'];
  const told = renderQueues(names.map((name) => ({ name, ready: name.endsWith('.dead') ? 2 : 0, workers: 1 })));
  expect(told.split('\n').map((line) => line.split(' ')[0])).toEqual([
    'queue',
    'payment.card',
    'payment.card.dead',
    'email.message',
  ]);
});

/** Kafka, where these groups have committed offset 7 of 10 everywhere. */
function kafkaWith(groups: readonly string[]) {
  return {
    listGroups: () => Promise.resolve({ groups: groups.map((groupId) => ({ groupId })) }),
    fetchTopicOffsets: () => Promise.resolve([{ partition: 0, low: '0', high: '10' }]),
    fetchOffsets: ({ groupId, topics }: { groupId: string; topics: string[] }) =>
      Promise.resolve(
        topics.map((topic) => ({
          topic,
          partitions: [{ partition: 0, offset: groups.includes(groupId) ? '7' : '-1' }],
        })),
      ),
  } as unknown as Admin;
}

test.each([
  ['its group, before any rebuild', ['analytics.sales'], [['analytics.sales', 3]]],
  [
    'both, while a rebuild goes on',
    ['analytics.sales', 'analytics.sales.r2'],
    [
      ['analytics.sales', 3],
      ['analytics.sales.r2', 3],
    ],
  ],
  ['the rebuilt one, after a rebuild has removed its group', ['analytics.sales.r2'], [['analytics.sales.r2', 3]]],
  ['all that there is to read, where nobody has ever read', [], [['analytics.sales', 10]]],
])('of a projection is told %s', async (_, groups, expected) => {
  const { partitions } = await readGroups(kafkaWith(groups), topology());
  const ofSales = partitions.filter(({ group }) => group.startsWith('analytics.sales'));
  expect(ofSales.map((one) => [one.group, lagOf(one)])).toEqual(expected);
});
