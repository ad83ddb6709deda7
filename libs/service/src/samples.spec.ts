import { createLogger, startMetrics } from '@cartwheel/observability';
import type { Kafka } from '@cartwheel/kafka';
import { expect, test } from '@jest/globals';
import { LagWatch } from './samples.ts';

const groupId = 'analytics.sales.r2';
const group = { consumer: groupId, groupId, topics: ['order-events'] };
const record = {
  source: 'kafka',
  topic: 'order-events',
  partition: 0,
  offset: '3',
  key: null,
  headers: {},
  value: null,
};
const first = { ...record, source: 'kafka', timestamp: '2020-01-01T00:00:00.000Z' } as const;

/** A broker with one partition that ends at 5; the group has committed 3. `onAsk`: what happens while it is asked. */
function watching({ onAsk = () => undefined }: { onAsk?: () => void } = {}) {
  const admin = {
    connect: () => Promise.resolve(),
    fetchTopicOffsets: () => Promise.resolve([{ partition: 0, offset: '5', high: '5', low: '0' }]),
    fetchOffsets: async () => {
      onAsk();
      return Promise.resolve([{ topic: 'order-events', partitions: [{ partition: 0, offset: '3' }] }]);
    },
  };
  const page = startMetrics('test');
  const watch = new LagWatch({ admin: () => admin } as unknown as Kafka);
  watch.start(createLogger('test', 'silent'));
  return { watch, page };
}

test('a group that comes again has forgotten what its predecessor of the same name had in hand', async () => {
  const { watch, page } = watching();
  const unwatch = watch.add(group);
  watch.begin(groupId, first);
  unwatch();
  // Its consumer is closed only after that, and may still begin with a chunk.
  watch.begin(groupId, first);
  watch.add(group);
  expect(await page()).toMatch(/cartwheel_consumer_lag_age\{.*\} 0(\.\d+)?$/m);
});

test('a group that goes while Kafka is asked is missing, and the others are not', async () => {
  let unwatch = (): unknown => undefined;
  const { watch, page } = watching({ onAsk: () => unwatch() });
  unwatch = watch.add(group);
  watch.add({ consumer: 'email', groupId: 'email', topics: ['order-events'] });
  const shown = await page();
  expect(shown).toContain('cartwheel_source_up{cartwheel_source="kafka",service_name="test"} 1');
  expect(shown).toMatch(/cartwheel_consumer_lag\{messaging_consumer_group_name="email".*\} 2/);
  expect(shown).not.toContain(groupId);
});
