import { withDeadline } from '@cartwheel/primitives';
import type { ChannelModel, ConfirmChannel, Message } from 'amqplib';
import { once } from 'node:events';
import { fitsFrame, NOT_CARRIED } from './carried.ts';
import { closeConnection, openConnection, rpc } from './connection.ts';

export type RabbitmqMessage = {
  /** Names the message in the answer; unique within one call. */
  readonly ref: string;
  readonly exchange: string;
  readonly routingKey: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly content: Buffer;
  readonly id: string;
  readonly type: string;
};

/** What became of the messages, by their `ref`. Those named nowhere may or may not be stored: their sender has them. */
export type PublishedMessages = {
  readonly confirmed: string[];
  /** No queue is bound for them. */
  readonly unroutable: string[];
  /** No connection can carry them. */
  readonly refused: { readonly ref: string; readonly reason: string }[];
  /** The broker does not take anything for these: gone, or not for us. */
  readonly resting: { readonly exchange: string; readonly reason: string }[];
};

/** A channel, and what the broker has said on it. */
type Lane = {
  readonly channel: ConfirmChannel;
  readonly connection: ChannelModel;
  /** What the broker had no queue for. */
  readonly returned: Set<string>;
  /** Aborted when the channel is of no use any more. */
  readonly lost: AbortSignal;
  /** Why the broker closed it, if it did. */
  refusal?: string;
};

const NOT_FOUND = 404;
const ACCESS_REFUSED = 403;

/**
 * Prevents: a task that the broker never stored, or that no queue was bound for, being taken for sent; and one that cannot
 *   be sent at all taking the others with it.
 * How: publisher confirms, persistent messages, and `mandatory` always: an unroutable publish is *acked*, only
 *   `basic.return`, which comes before the ack, tells. A channel for each exchange: who publishes to one that is missing or
 *   forbidden loses that channel, with the confirms of all that was under way there.
 * Promises: 1. confirmed means on disk in a queue. 2. What neither was confirmed nor returned in time is named nowhere
 *   in the answer, and its sender still has it. 3. A blocked broker gets nothing, and a slow one no more than it takes:
 *   what waits, waits in the database and not in this process. 4. What no connection can carry is named, and not sent.
 * Costs: a connection of its own, so that a blocked publisher does not stop the acks.
 * Not here: retries; the relay and the strategy do them.
 * Proof: rabbitmq-publisher.int.spec.ts, rabbitmq-publisher.refusals.int.spec.ts
 */
export class RabbitmqPublisher {
  readonly #url: string;
  readonly #name: string;
  readonly #deadlineMs: number;
  readonly #lanes = new Map<string, Promise<Lane>>();
  #open: Promise<ChannelModel> | undefined;
  #blocked: string | undefined;

  constructor(url: string, name: string, { deadlineMs = 10_000 } = {}) {
    this.#url = url;
    this.#name = name;
    this.#deadlineMs = deadlineMs;
  }

  /** @throws when the broker is away or blocked; then the caller still has all of them. */
  async publish(messages: readonly RabbitmqMessage[]): Promise<PublishedMessages> {
    if (this.#blocked !== undefined) throw new Error(`RabbitMQ blocks publishers: ${this.#blocked}`);
    const published: PublishedMessages = { confirmed: [], unroutable: [], refused: [], resting: [] };
    const perExchange = Map.groupBy(messages, ({ exchange }) => exchange);
    const sending = Promise.all([...perExchange].map(([exchange, group]) => this.#sendAll(exchange, group, published)));
    try {
      await withDeadline('the confirms of RabbitMQ', this.#deadlineMs, sending);
    } catch (error) {
      // Not waited for: a broker that does not answer would not answer that either, and the time is over.
      void this.close();
      if (published.confirmed.length + published.refused.length === 0) throw error;
    }
    return published;
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    this.#blocked = undefined;
    this.#lanes.clear();
    const connection = await open?.catch(() => undefined);
    if (connection) await closeConnection(connection);
  }

  async #sendAll(exchange: string, messages: readonly RabbitmqMessage[], published: PublishedMessages): Promise<void> {
    const lane = await this.#laneOf(exchange);
    const { channel, returned, lost } = lane;
    const answers: Promise<void>[] = [];
    for (const message of messages) {
      if (lost.aborted) break;
      const sent = this.#send(lane, message);
      if (sent === 'refused') {
        published.refused.push({ ref: message.ref, reason: NOT_CARRIED });
        continue;
      }
      answers.push(
        sent.answer.then((ok) => {
          const place = placeOf(message.exchange, message.routingKey, message.id);
          if (returned.delete(place)) published.unroutable.push(message.ref);
          else if (ok) published.confirmed.push(message.ref);
        }),
      );
      if (sent.full) await once(channel, 'drain', { signal: lost }).catch(() => undefined);
    }
    await Promise.all(answers);
    if (lane.refusal !== undefined) published.resting.push({ exchange, reason: lane.refusal });
  }

  /**
   * `answer` is true: the broker has it; false: it said no, or the channel closed before it answered. `full`: amqplib took
   * the message, and would take any number more into memory.
   */
  #send(
    { channel, connection }: Lane,
    message: RabbitmqMessage,
  ): { answer: Promise<boolean>; full: boolean } | 'refused' {
    if (!fitsFrame(connection, message.headers)) return 'refused';
    const { promise: answer, resolve } = Promise.withResolvers<boolean>();
    try {
      const accepting = channel.publish(
        message.exchange,
        message.routingKey,
        message.content,
        {
          persistent: true,
          mandatory: true,
          contentType: 'application/json',
          messageId: message.id,
          type: message.type,
          timestamp: Math.floor(Date.now() / 1000),
          correlationId: String(message.headers['ce_correlationid'] ?? ''),
          headers: message.headers,
        },
        (error: unknown) => resolve(error === null || error === undefined),
      );
      return { answer, full: !accepting };
    } catch (error) {
      // amqplib encodes before it writes: the channel has heard nothing of this message, and is as good as before.
      if (['RangeError', 'TypeError'].includes((error as Error).name)) return 'refused';
      throw error;
    }
  }

  /** The channel for an exchange, opened when it is needed. */
  #laneOf(exchange: string): Promise<Lane> {
    const known = this.#lanes.get(exchange);
    if (known) return known;
    // Whatever happens to this channel later must not make us forget the one that replaced it.
    const forget = () => {
      if (this.#lanes.get(exchange) === lane) this.#lanes.delete(exchange);
    };
    const lane = this.#connection().then((connection) => openLane(connection, forget));
    this.#lanes.set(exchange, lane);
    lane.catch(forget);
    return lane;
  }

  #connection(): Promise<ChannelModel> {
    if (this.#open) return this.#open;
    const forget = () => {
      if (this.#open !== opening) return;
      this.#open = undefined;
      this.#blocked = undefined;
    };
    const opening = openConnection(this.#url, this.#name).then((connection) => {
      connection.on('close', forget);
      connection.on('blocked', (reason: string) => (this.#blocked = reason));
      connection.on('unblocked', () => (this.#blocked = undefined));
      return connection;
    });
    this.#open = opening;
    opening.catch(forget);
    return opening;
  }
}

async function openLane(connection: ChannelModel, forget: () => void): Promise<Lane> {
  try {
    const channel = await rpc('opening a channel', connection.createConfirmChannel());
    const lost = new AbortController();
    // What a channel returned is forgotten with it: a later, routed publish of the same task is another matter.
    const returned = new Set<string>();
    const lane: Lane = { channel, connection, returned, lost: lost.signal };
    channel.on('error', ({ code }: { code?: number }) => {
      if (code === NOT_FOUND) lane.refusal = 'there is no such exchange';
      if (code === ACCESS_REFUSED) lane.refusal = 'this user may not write to it';
    });
    channel.on('close', () => {
      lost.abort();
      forget();
    });
    channel.on('return', ({ fields, properties }: Message) =>
      returned.add(placeOf(fields.exchange, fields.routingKey, String(properties.messageId))),
    );
    return lane;
  } catch (error) {
    void closeConnection(connection);
    throw error;
  }
}

/** The relay and the retry ladder share a channel, and may send the same task to different places. */
function placeOf(exchange: string, routingKey: string, id: string): string {
  return `${exchange} ${routingKey} ${id}`;
}
