import { fillOutbox, fillParked, fillQueue, fillTopic } from './fill.ts';
import type { Measured } from './measure.ts';
import type { Place } from './place.ts';
import { type Backlog, type Compared, inTurn } from './render.ts';
import type { Subject } from './subject.ts';
import type { Handler } from './subjects/handler.ts';

/** How many messages each run is given. */
export type Sizes = {
  readonly rounds: number;
  readonly relay: number;
  readonly consumer: number;
  readonly worker: number;
  readonly backlog: { readonly few: number; readonly many: number };
};

export const full: Sizes = {
  ...{ rounds: 3, relay: 50_000, consumer: 20_000, worker: 2_000 },
  backlog: { few: 2_000, many: 200_000 },
};
export const quick: Sizes = {
  rounds: 1,
  relay: 1_000,
  consumer: 1_000,
  worker: 100,
  backlog: { few: 200, many: 1_000 },
};

export type Bench = {
  readonly sizes: Sizes;
  /** A place that nobody has used. */
  place(): Promise<Place>;
  run(place: Place, subject: Subject, count: number, handler?: Handler): Promise<Measured>;
};

const channels = [
  { channel: 'kafka', broker: 'Kafka', client: 'kafkajs', bare: 'send-batches' },
  { channel: 'rabbitmq', broker: 'RabbitMQ', client: 'amqplib', bare: 'publish-with-confirms' },
] as const;
const handlers = [
  { handler: 'none', what: 'handler without a statement' },
  { handler: 'statement', what: 'handler with one statement' },
] as const;

export async function relayPart({ sizes, place: newPlace, run }: Bench): Promise<Compared[]> {
  const place = await newPlace();
  const compared: Compared[] = [];
  for (const { channel, broker, client, bare } of channels) {
    const emptied = async (subject: Subject) => {
      await fillOutbox(place, channel, sizes.relay);
      return run(place, subject, sizes.relay);
    };
    const [ours, sql, alone] = await fastest(sizes.rounds, [
      () => emptied(`relay-${channel}`),
      () => emptied(`outbox-sql-${channel}`),
      () => run(place, bare, sizes.relay),
    ]);
    const what = `relay to ${broker}`;
    compared.push(
      { what: `${what} · its SQL alone`, ours: ours!, limit: sql! },
      { what: `${what} · ${client} alone`, ours: ours!, limit: alone! },
      { what: `${what} · both in turn`, ours: ours!, limit: inTurn(sql!, alone!) },
    );
  }
  return compared;
}

export async function consumerPart({ sizes, place: newPlace, run }: Bench): Promise<Compared[]> {
  const place = await newPlace();
  const compared: Compared[] = [];
  for (const { handler, what } of handlers) {
    const [ours, sql, alone] = await fastest(sizes.rounds, [
      async () => {
        await fillTopic(place, sizes.consumer);
        return run(place, 'consumer', sizes.consumer, handler);
      },
      () => run(place, 'claim-sql', sizes.consumer, handler),
      () => run(place, 'each-batch', sizes.consumer),
    ]);
    compared.push(
      { what: `consumer, ${what} · SQL alone`, ours: ours!, limit: sql! },
      { what: `consumer, ${what} · kafkajs alone`, ours: ours!, limit: alone! },
    );
  }
  return compared;
}

export async function workerPart({ sizes, place: newPlace, run }: Bench): Promise<Compared[]> {
  const place = await newPlace();
  const compared: Compared[] = [];
  const filled = async (subject: Subject, handler: Handler) => {
    await fillQueue(place, sizes.worker);
    return run(place, subject, sizes.worker, handler);
  };
  for (const { handler, what } of handlers) {
    const [ours, sql, alone] = await fastest(sizes.rounds, [
      () => filled('worker', handler),
      () => run(place, 'record-sql', sizes.worker, handler),
      () => filled('consume-and-ack', handler),
    ]);
    compared.push(
      { what: `worker, ${what} · SQL alone`, ours: ours!, limit: sql! },
      { what: `worker, ${what} · amqplib alone`, ours: ours!, limit: alone! },
    );
  }
  return compared;
}

/** The same work on a short and on a long backlog: what differs is what the backlog costs. */
export async function backlogPart({ sizes, place: newPlace, run }: Bench): Promise<Backlog[]> {
  const { few, many } = sizes.backlog;
  const KEYS = 100;
  const cases = [
    { what: 'relay to Kafka', subject: 'relay-kafka', fill: (at: Place, n: number) => fillOutbox(at, 'kafka', n) },
    {
      what: 'relay to RabbitMQ',
      subject: 'relay-rabbitmq',
      fill: (at: Place, n: number) => fillOutbox(at, 'rabbitmq', n),
    },
    { what: 'consumer', subject: 'consumer', fill: fillTopic },
    { what: 'worker', subject: 'worker', fill: fillQueue },
    { what: 'retrier', subject: 'retrier', fill: (at: Place, n: number) => fillParked(at, n, KEYS) },
  ] as const;
  const backlogs: Backlog[] = [];
  for (const { what, subject, fill } of cases) {
    const peaks: Measured[] = [];
    for (const waiting of [few, many]) {
      const place = await newPlace();
      await fill(place, waiting);
      peaks.push(await run(place, subject, few, 'statement'));
    }
    const [short, long] = peaks as [Measured, Measured];
    backlogs.push(
      { what: `${what} · resident`, few: short.peakRssMb, many: long.peakRssMb },
      { what: `${what} · heap and buffers`, few: short.peakHeapMb, many: long.peakHeapMb },
    );
  }
  return backlogs;
}

/** The best rate of each, in rounds, so that whatever else the machine does meets all of them alike. */
async function fastest(rounds: number, runs: readonly (() => Promise<Measured>)[]): Promise<number[]> {
  const rates = runs.map(() => 0);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, run] of runs.entries()) {
      const { messages, seconds } = await run();
      rates[index] = Math.max(rates[index]!, messages / seconds);
    }
  }
  return rates;
}
