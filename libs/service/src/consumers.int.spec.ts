import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { contracts, fact, headersOf, task, topology } from '@cartwheel/contracts';
import { createKafka, createTopics } from '@cartwheel/kafka';
import { createLogger } from '@cartwheel/observability';
import { UnitOfWork, Wake } from '@cartwheel/outbox';
import { newId } from '@cartwheel/primitives';
import { declareTopology, RabbitmqPublisher } from '@cartwheel/rabbitmq';
import {
  engines,
  eventually,
  kafkaTopic,
  rabbitmqQueue,
  testDatabase,
  type TestDatabase,
  testNamespace,
} from '@cartwheel/testing';
import { throwError } from 'rxjs';
import { factConsumer, taskWorker, type Wiring } from './consumers.ts';
import { handlersOf } from './handlers-of.ts';
import { Progress } from './progress.ts';
import { LagWatch } from './samples.ts';
import { workerSchemas } from './schemas.ts';

const { kafka, rabbitmq } = engines();
const names = topology(testNamespace(), { partitions: 2 });
const client = createKafka(kafka.brokers, 'test');
const publisher = new RabbitmqPublisher(rabbitmq.url, 'test');
let db: TestDatabase;
let wiring: Wiring;

beforeAll(async () => {
  db = await testDatabase(workerSchemas);
  await createTopics(client, names);
  await declareTopology(rabbitmq.url, names);
  const wake = new Wake();
  const unitOfWork = new UnitOfWork(db.dataSource, { source: 'payment', contracts, topology: names }, wake);
  const logger = createLogger('test', 'silent');
  const onFatal = (reason: string) => {
    throw new Error(reason);
  };
  const lagWatch = new LagWatch(client);
  const progress = new Progress(60_000);
  const deadlines = { handlerMs: 10_000, workerMs: 10_000 };
  wiring = {
    ...{ source: 'payment', topology: names, dataSource: db.dataSource, wake, unitOfWork, logger },
    ...{ lagWatch, progress, deadlines, onFatal },
  };
});
afterAll(async () => {
  await publisher.close();
  await db.drop();
});
const closing: (() => Promise<unknown>)[] = [];
afterEach(() => Promise.all(closing.splice(0).map((close) => close())));
beforeEach(() => db.admin.query('TRUNCATE parked_messages, processed_events'));

const cause = { correlationId: newId(), causationId: newId() };
const kept = () => db.admin.query<{ topic: string; state: string }>('SELECT * FROM parked_messages');

test('handlers of Nest throw what they threw, which arrives as an Observable that errors', async () => {
  const { strategy } = factConsumer(wiring, client, { group: 'payment' });
  const refusal = new Error('out of stock');
  strategy.addHandler('OrderPlaced', () => Promise.resolve(throwError(() => refusal)), true);
  const handlers = handlersOf(strategy);
  expect([handlers.has('OrderPlaced'), handlers.has('OrderLost')]).toEqual([true, false]);
  await expect(handlers.handle('OrderPlaced', {}, undefined)).rejects.toBe(refusal);
});

describe('a consumer of facts', () => {
  test('parks what fails, lets Kafka go on, and tries it again by itself', async () => {
    const topic = await kafkaTopic(kafka.brokers, {
      topic: names.topic('order-events'),
      groupId: names.groupId('payment'),
    });
    const { strategy, retrier } = factConsumer(wiring, client, { group: 'payment' });
    const done: string[] = [];
    const [bad, good] = [newId(), newId()];
    const handle = jest.fn<(data: { orderId: string }) => Promise<void>>((data) => {
      // Twice in its chunk, once more by the retrier.
      if (data.orderId === bad && handle.mock.calls.filter(([{ orderId }]) => orderId === bad).length <= 3)
        throw new Error('no');
      done.push(data.orderId);
      return Promise.resolve();
    });
    strategy.addHandler('OrderCancelled', handle, true);
    strategy.listen(() => undefined);
    retrier.start();
    closing.push(
      () => strategy.close(),
      () => retrier.stop(),
      () => topic.close(),
    );
    const cancelled = [bad, good].map((orderId) => fact('OrderCancelled', orderId, { orderId, reason: 'timed-out' }));
    await topic.send(
      cancelled.map((message) => ({
        partition: 0,
        key: message.subject,
        value: JSON.stringify(message.data),
        headers: headersOf(message, 'order', cause),
      })),
    );
    await eventually(async () => expect(await topic.committed()).toMatchObject({ 0: 2 }));
    await eventually(async () => {
      expect(done.at(-1)).toBe(bad);
      expect(await kept()).toEqual([]);
    });
  });
});

test('a task that the broker gave up leaves the dead queue for a dead row of its own queue', async () => {
  const queue = names.queue('payment.card');
  const payment = { orderId: newId(), paymentId: newId() };
  const message = task('CapturePayment', payment.orderId, payment);
  const outside = await rabbitmqQueue(rabbitmq.url, {
    queue,
    exchange: names.exchange,
    routingKey: 'payment.card.capture',
  });
  const headers = headersOf(message, 'payment', cause);
  outside.channel.publish(names.exchange, 'payment.card.capture', Buffer.from(JSON.stringify(payment)), {
    headers,
    persistent: true,
  });
  await outside.channel.waitForConfirms();
  closing.push(() => outside.close());
  // Handed back each time, until the broker has had enough. Not nack: from 4.3 on that is not counted.
  const handBack = async (from: string, times: number) => {
    let left = times;
    const { consumerTag } = await outside.channel.consume(from, (delivery) => {
      if (delivery && left-- > 0) outside.channel.reject(delivery, true);
    });
    return () => outside.channel.cancel(consumerTag);
  };
  const inDeadQueue = async () => (await outside.channel.checkQueue(names.deadQueue(queue))).messageCount;
  const stopWork = await handBack(queue, Infinity);
  await eventually(async () => expect(await inDeadQueue()).toBe(1));
  await stopWork();
  // The dead queue itself has no limit: from RabbitMQ 4.0 on it would be 20, and the task would be gone.
  await (
    await handBack(names.deadQueue(queue), 30)
  )();
  await eventually(async () => expect(await inDeadQueue()).toBe(1));

  const worker = taskWorker(wiring, { url: rabbitmq.url, publisher }, { queue: 'payment.card', prefetch: 1 });
  worker.drainer.listen(() => undefined);
  closing.push(() => worker.drainer.close());
  await eventually(async () =>
    expect(await kept()).toMatchObject([{ topic: queue, event_id: message.id, state: 'dead' }]),
  );
  await worker.drainer.close();
  expect(await inDeadQueue()).toBe(0);
});
