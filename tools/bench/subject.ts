import { Meter } from './measure.ts';
import type { Place } from './place.ts';
import { claimSql, consumer, eachBatch } from './subjects/consumer.ts';
import type { Handler } from './subjects/handler.ts';
import { outboxSql, publishWithConfirms, relay, sendBatches } from './subjects/relay.ts';
import { retrier } from './subjects/retrier.ts';
import { consumeAndAck, recordSql, worker } from './subjects/worker.ts';

// One thing that is measured, in a process of its own: its memory is its own, and nothing else is compiled or collected.

type MaybePromise<T> = T | Promise<T>;
/** What it returns, if anything, ends it in good order. */
type Run = (place: Place, meter: Meter, handler: Handler) => MaybePromise<(() => Promise<unknown>) | void>;

const subjects = {
  'relay-kafka': (place, meter) => relay(place, meter, 'kafka'),
  'relay-rabbitmq': (place, meter) => relay(place, meter, 'rabbitmq'),
  'outbox-sql-kafka': (place, meter) => outboxSql(place, meter, 'kafka'),
  'outbox-sql-rabbitmq': (place, meter) => outboxSql(place, meter, 'rabbitmq'),
  'send-batches': sendBatches,
  'publish-with-confirms': publishWithConfirms,
  consumer,
  'claim-sql': claimSql,
  'each-batch': eachBatch,
  worker,
  'record-sql': recordSql,
  'consume-and-ack': consumeAndAck,
  retrier,
} as const satisfies Record<string, Run>;

export type Subject = keyof typeof subjects;

/** What the process is given, as JSON. It ends after `count` messages, however many wait. */
export type Task = { subject: Subject; place: Place; count: number; handler: Handler };

if (import.meta.main) {
  const { subject, place, count, handler } = JSON.parse(process.argv[2]!) as Task;
  const meter = new Meter(count);
  const run: Run = subjects[subject];
  const end = await run(place, meter, handler);
  const result = await meter.finish();
  await end?.();
  process.send!(result, () => process.exit(0));
}
