import { withDeadline } from '@cartwheel/primitives';
import { type Kafka, type Message, Partitioners, type Producer, type TopicMessages } from 'kafkajs';
import { METADATA_MAX_AGE_MS } from './client.ts';
import { collectAnswers, type PartitionAnswer } from './produce-answers.ts';
import { type Outcome, outcomeOf } from './refusals.ts';

/** What the outbox hands over: a row, as far as Kafka is concerned. */
export type KafkaRow = {
  readonly seq: string;
  readonly destination: string;
  readonly key: Buffer | null;
  readonly headers: Readonly<Record<string, string | { base64: string }>>;
  readonly payload: Buffer | null;
};

/** What became of the rows. Those that are named nowhere were not stored as far as we know: they are to be sent again. */
export type KafkaPublished = {
  readonly confirmed: string[];
  /** Kafka will never take these, and has stored nothing of them. */
  readonly refused: { readonly seq: string; readonly reason: string }[];
  /** Kafka takes nothing for these topics now: they are gone, or not ours to write to. */
  readonly resting: { readonly destination: string; readonly reason: string }[];
  /** Why rows are named nowhere. Whoever sends them again waits before. */
  readonly failure?: Error;
};

/**
 * Prevents: records that were confirmed and are nowhere. kafkajs 2.2.4 loses them in two ways, and is answered OK both times.
 *   Its idempotent producer gives numbers away twice when an answer was lost. Its own retries forget the partitions of a
 *   broker that is no longer their leader: 122 of 470 040 in one rolling restart of three brokers.
 * How: one send in flight, no idempotence, no retries of kafkajs. A row is confirmed when the answer names its partition
 *   and says 0, and by nothing else. After any failure the producer object is thrown away, and with it the topics it asks for.
 * Promises: 1. confirmed means stored, by `min.insync.replicas` brokers. 2. The rows of one partition that are sent
 *   together are confirmed all or none, in their order. 3. What one topic or one row is refused for holds up no
 *   other row, and nothing that was stored is sent again for it. 4. A send ends within its deadline, counted from its turn.
 * Costs: a reconnect after each failure. Rows that were stored while their answer was lost are stored twice: ids absorb it.
 * Not here: retries and back-off, and keeping what is refused (the relay).
 * Proof: silent-loss.int.spec.ts, kafka-publisher.int.spec.ts, refusals.spec.ts, three-brokers.fault.spec.ts
 */
export class KafkaPublisher {
  readonly #kafka: Kafka;
  readonly #deadlineMs: number;
  #producer: { readonly producer: Producer; readonly placed: WeakMap<Message, number> } | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(kafka: Kafka, { deadlineMs = 10_000 } = {}) {
    this.#kafka = kafka;
    this.#deadlineMs = deadlineMs;
  }

  /** Sends the rows in one request to each leader. @throws when nothing is known of any of them. */
  publish(rows: readonly KafkaRow[]): Promise<KafkaPublished> {
    const published = this.#turn.then(() => this.#publish(rows));
    this.#turn = published.catch(() => undefined);
    return published;
  }

  async close(): Promise<void> {
    const opened = this.#producer;
    this.#producer = undefined;
    await opened?.producer.disconnect();
  }

  async #publish(rows: readonly KafkaRow[]): Promise<KafkaPublished> {
    const total: Omit<KafkaPublished, 'failure'> = { confirmed: [], refused: [], resting: [] };
    const until = performance.now() + this.#deadlineMs;
    // First all rows at once, then those that have to stand alone to see which of them is refused.
    const sends: (readonly KafkaRow[])[] = [rows];
    for (let next = sends.shift(); next; next = sends.shift()) {
      if (isBehindRefused(next, rows, total)) continue;
      const isFresh = this.#producer === undefined;
      const outcome = await this.#send(next);
      // A producer asks for every topic that it ever wrote to: it may be another one that is gone. A new one shows.
      if (outcome.resting.length > 0 && !isFresh && this.#producer === undefined) {
        sends.unshift(next);
        continue;
      }
      const { confirmed, refused, resting, apart, failure } = outcome;
      total.confirmed.push(...confirmed);
      total.refused.push(...refused);
      total.resting.push(...resting);
      sends.push(...apart);
      const isSilent = Object.values(total).every((named) => named.length === 0);
      if (failure && isSilent) throw failure;
      if (failure) return { ...total, failure };
      if (performance.now() > until) break;
    }
    return total;
  }

  /** Returns what is known when the send has ended, or its time is over. */
  async #send(rows: readonly KafkaRow[]): Promise<Outcome<KafkaRow>> {
    const messages = new Map(rows.map((row) => [row, toMessage(row)]));
    const answers: PartitionAnswer[] = [];
    const opened = this.#opened();
    const placeOf = (row: KafkaRow) => opened.placed.get(messages.get(row)!);
    const topicMessages: TopicMessages[] = [...Map.groupBy(rows, ({ destination }) => destination)].map(
      ([topic, ofTopic]) => ({ topic, messages: ofTopic.map((row) => messages.get(row)!) }),
    );
    const sending = collectAnswers(answers, async () => {
      await opened.connected;
      await opened.producer.sendBatch({ acks: -1, topicMessages });
    });
    try {
      await withDeadline('the send to Kafka', this.#deadlineMs, sending);
      return outcomeOf(rows, placeOf, answers);
    } catch (error) {
      this.#discard(opened.producer, sending);
      return outcomeOf(rows, placeOf, answers, error as Error);
    }
  }

  #opened() {
    if (this.#producer) return { ...this.#producer, connected: undefined };
    const placed = new WeakMap<Message, number>();
    const producer = this.#kafka.producer({
      idempotent: false,
      retry: { retries: 0 },
      allowAutoTopicCreation: false,
      metadataMaxAge: METADATA_MAX_AGE_MS,
      createPartitioner: () => {
        const place = Partitioners.DefaultPartitioner();
        return (args) => {
          const partition = place(args);
          placed.set(args.message, partition);
          return partition;
        };
      },
    });
    this.#producer = { producer, placed };
    return { producer, placed, connected: producer.connect() };
  }

  /** kafkajs goes on with a send after its producer was disconnected, and connects again for it: first its end, then ours. */
  #discard(producer: Producer, sending: Promise<void>): void {
    this.#producer = undefined;
    const disconnect = () => producer.disconnect();
    void sending.then(disconnect, disconnect).catch(() => undefined);
  }
}

/** Behind a row that is refused the rows of its key wait: whoever keeps that one decides what becomes of them. */
function isBehindRefused(
  [first, ...others]: readonly KafkaRow[],
  rows: readonly KafkaRow[],
  { refused }: Pick<KafkaPublished, 'refused'>,
): boolean {
  if (refused.length === 0 || others.length > 0 || !first?.key) return false;
  const refusedSeqs = new Set(refused.map(({ seq }) => seq));
  return rows.some(
    ({ seq, destination, key }) =>
      refusedSeqs.has(seq) && destination === first.destination && key?.equals(first.key!) === true,
  );
}

function toMessage({ key, payload, headers }: KafkaRow): Message {
  return { key, value: payload, headers: decodeHeaders(headers) };
}

function decodeHeaders(headers: KafkaRow['headers']): Record<string, Buffer> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      typeof value === 'string' ? Buffer.from(value) : Buffer.from(value.base64, 'base64'),
    ]),
  );
}
