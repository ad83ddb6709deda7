import { withDeadline } from '@cartwheel/primitives';
import type { ChannelModel, ConfirmChannel, Message } from 'amqplib';
import { once } from 'node:events';
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

type Opened = {
  readonly connection: ChannelModel;
  readonly channel: ConfirmChannel;
  /** What the broker had no queue for. */
  readonly returned: Set<string>;
  /** Aborted when the channel is of no use any more. */
  readonly lost: AbortSignal;
};

/**
 * Prevents: a task that the broker never stored, or that no queue was bound for, being taken for sent.
 * How: publisher confirms, persistent messages, and `mandatory` always: an unroutable publish is *acked*, only
 *   `basic.return`, which comes before the ack, tells.
 * Promises: 1. confirmed means on disk in a queue. 2. What neither was confirmed nor returned in time is named nowhere
 *   in the answer, and its sender still has it. 3. A blocked broker gets nothing, and a slow one no more than it takes:
 *   what waits, waits in the database and not in this process.
 * Costs: a connection of its own, so that a blocked publisher does not stop the acks.
 * Not here: retries; the relay and the strategy do them.
 * Proof: rabbitmq-publisher.int.spec.ts
 */
export class RabbitmqPublisher {
  readonly #url: string;
  readonly #name: string;
  readonly #deadlineMs: number;
  #open: Promise<Opened> | undefined;
  #blocked: string | undefined;

  constructor(url: string, name: string, { deadlineMs = 10_000 } = {}) {
    this.#url = url;
    this.#name = name;
    this.#deadlineMs = deadlineMs;
  }

  /** @throws when the broker is away or blocked; then the caller still has all of them. */
  async publish(messages: readonly RabbitmqMessage[]): Promise<{ confirmed: string[]; unroutable: string[] }> {
    if (this.#blocked !== undefined) throw new Error(`RabbitMQ blocks publishers: ${this.#blocked}`);
    const confirmed: string[] = [];
    const unroutable: string[] = [];
    const sending = this.#channel().then(async ({ channel, returned, lost }) => {
      const answers: Promise<void>[] = [];
      for (const message of messages) {
        const { answer, full } = this.#send(channel, message);
        answers.push(
          answer.then((ok) => {
            const place = placeOf(message.exchange, message.routingKey, message.id);
            if (returned.delete(place)) unroutable.push(message.ref);
            else if (ok) confirmed.push(message.ref);
          }),
        );
        if (full) await once(channel, 'drain', { signal: lost });
      }
      await Promise.all(answers);
    });
    try {
      await withDeadline('the confirms of RabbitMQ', this.#deadlineMs, sending);
    } catch (error) {
      // Not waited for: a broker that does not answer would not answer that either, and the time is over.
      void this.close();
      if (confirmed.length === 0) throw error;
    }
    return { confirmed, unroutable };
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    this.#blocked = undefined;
    const opened = await open?.catch(() => undefined);
    if (opened) await closeConnection(opened.connection);
  }

  /**
   * `answer` is true: the broker has it; false: it said no, or the channel closed before it answered. `full`: amqplib took
   * the message, and would take any number more into memory.
   */
  #send(channel: ConfirmChannel, message: RabbitmqMessage): { answer: Promise<boolean>; full: boolean } {
    const { promise: answer, resolve } = Promise.withResolvers<boolean>();
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
  }

  async #channel(): Promise<Opened> {
    if (this.#open) return this.#open;
    // Whatever happens to this connection later must not make us forget the one that replaced it.
    const forget = () => {
      if (this.#open !== opening) return;
      this.#open = undefined;
      this.#blocked = undefined;
    };
    const opening = this.#connect(forget);
    this.#open = opening;
    return opening;
  }

  async #connect(forget: () => void): Promise<Opened> {
    const connection = await openConnection(this.#url, this.#name);
    try {
      connection.on('close', forget);
      connection.on('blocked', (reason: string) => (this.#blocked = reason));
      connection.on('unblocked', () => (this.#blocked = undefined));
      const channel = await rpc('opening a channel', connection.createConfirmChannel());
      channel.on('error', () => undefined);
      const lost = new AbortController();
      channel.on('close', () => {
        lost.abort();
        forget();
        void closeConnection(connection);
      });
      // What a channel returned is forgotten with it: a later, routed publish of the same task is another matter.
      const returned = new Set<string>();
      channel.on('return', ({ fields, properties }: Message) =>
        returned.add(placeOf(fields.exchange, fields.routingKey, String(properties.messageId))),
      );
      return { connection, channel, returned, lost: lost.signal };
    } catch (error) {
      void closeConnection(connection);
      throw error;
    }
  }
}

/** The relay and the retry ladder share a channel, and may send the same task to different places. */
function placeOf(exchange: string, routingKey: string, id: string): string {
  return `${exchange} ${routingKey} ${id}`;
}
