import type { Delivery } from '@cartwheel/messages';
import { backoff, delay, describeError } from '@cartwheel/primitives';
import { type CustomTransportStrategy, Server } from '@nestjs/microservices';
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { closeConnection, openConnection, rpc } from './connection.ts';
import { missingFromBroker } from './declare.ts';
import type { RabbitmqPublisher } from './rabbitmq-publisher.ts';

export type Outcome =
  | { readonly kind: 'ack' }
  | { readonly kind: 'retry'; readonly rung: number; readonly headers: Record<string, string> };

export type RabbitmqStrategyOptions = {
  readonly url: string;
  readonly queue: string;
  readonly retryQueue: (rung: number) => string;
  /** What must exist before it starts. */
  readonly required: { readonly exchange: string; readonly queues: readonly string[] };
  readonly prefetch: number;
  readonly transportId: symbol;
  readonly publisher: RabbitmqPublisher;
  /** Returns when the task's outcome is recorded or its retry decided; throws when it must come again. */
  readonly apply: (delivery: Delivery, signal: AbortSignal) => Promise<Outcome>;
  /** Records that the task cannot be put on the ladder, ever. Throws as `apply` does. */
  readonly giveUp: (delivery: Delivery, reason: string, signal: AbortSignal) => Promise<unknown>;
  readonly onEvent?: (event: 'connected' | 'disconnected' | 'repeating', details: Record<string, unknown>) => void;
  readonly onFatal: (reason: string) => void;
};

/**
 * Prevents: a task that is acknowledged before its outcome is durable, and a consumer that silently is none any more.
 * How: prefetch, then `apply`, then, for a retry, a confirmed publish to the ladder, then the ack: last, and on the
 *   channel that delivered. A task that no ladder can hold is given up. A closed channel or connection, or a cancelled consumer (a delivery that is null), opens a new one.
 * Promises: 1. at least once. 2. A task is on the retry queue before it leaves the work queue. 3. At most `prefetch` in hand.
 * Costs: a connection for consuming besides the publisher's.
 * Not here: dedup and counting (task-inbox.ts); the broker's own delivery limit is only the backstop for crash loops.
 * Proof: rabbitmq.strategy.int.spec.ts, rabbitmq.strategy.recovery.int.spec.ts
 */
export class RabbitmqStrategy extends Server implements CustomTransportStrategy {
  override readonly propagatesEventHandlerErrors = true;
  readonly #options: RabbitmqStrategyOptions;
  readonly #closing = new AbortController();
  readonly #inHand = new Set<Promise<void>>();
  #connection: ChannelModel | undefined;
  #channel: Channel | undefined;
  #loop: Promise<void> | undefined;
  #stopTaking: () => Promise<unknown> = () => Promise.resolve();

  constructor(options: RabbitmqStrategyOptions) {
    super();
    this.#options = options;
    this.transportId = options.transportId;
  }

  /** It consumes, or opens its next channel. */
  get alive(): boolean {
    return this.#loop !== undefined;
  }

  /** Returns at once: a broker that is away is waited for in the background. */
  listen(callback: () => void): void {
    this.#loop = this.#run();
    callback();
  }

  /** Takes nothing more, finishes what is in hand, closes. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    await this.#stopTaking().catch(() => undefined);
    await Promise.allSettled(this.#inHand);
    // The channel first: its end is sent behind the acks. A connection's would overtake them in amqplib, and be the last
    // thing that the broker reads.
    await rpc('closing the channel', Promise.resolve(this.#channel?.close())).catch(() => undefined);
    if (this.#connection) await closeConnection(this.#connection);
    await this.#loop;
  }

  on(): void {
    throw new Error('RabbitmqStrategy has no events of its own');
  }

  unwrap<T>(): T {
    return this.#connection as T;
  }

  async #run(): Promise<void> {
    const { url, queue, required, onEvent, onFatal } = this.#options;
    const { signal } = this.#closing;
    let consumedBefore = false;
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        const missing = await missingFromBroker(url, required);
        if (missing.length > 0) {
          const reason = `RabbitMQ does not have ${missing.join(', ')}: run the set-up`;
          // It was complete once: somebody is at it (a queue can only be changed by making it anew), or the broker is not
          // whole yet after its start. An exit would only take the other consumers of this process down too.
          if (consumedBefore) throw new Error(reason);
          return onFatal(reason);
        }
        const { closed } = await this.#consume();
        consumedBefore = true;
        attempt = 0;
        onEvent?.('connected', { queue });
        const reason = await closed;
        if (!signal.aborted) onEvent?.('disconnected', { queue, reason });
      } catch (error) {
        onEvent?.('disconnected', { queue, attempt, ...describeError(error) });
      }
      await delay(backoff(attempt + 1, { baseMs: 200, maxMs: 5_000 }), signal);
    }
  }

  /** Consumes on a new channel; `closed` settles with the reason when that channel is of no use any more. */
  async #consume(): Promise<{ closed: Promise<string> }> {
    const { url, queue, prefetch } = this.#options;
    const connection = await openConnection(url, `worker:${queue}`);
    this.#connection = connection;
    const { promise: closed, resolve } = Promise.withResolvers<string>();
    const lost = new AbortController();
    const close = (reason: string) => {
      lost.abort();
      resolve(reason);
    };
    connection.on('close', () => close('the connection closed'));
    try {
      const channel = await rpc('opening a channel', connection.createChannel());
      this.#channel = channel;
      channel.on('error', () => undefined);
      channel.on('close', () => close('the channel closed'));
      await rpc('setting the prefetch', channel.prefetch(prefetch));
      const { consumerTag } = await rpc(
        `consuming ${queue}`,
        channel.consume(queue, (message) => {
          if (message === null) return close('the broker cancelled the consumer');
          this.#take(channel, message, lost.signal);
        }),
      );
      this.#stopTaking = () => rpc('cancelling the consumer', channel.cancel(consumerTag));
      // `close` was called meanwhile, and has not seen this channel.
      this.#closing.signal.throwIfAborted();
    } catch (error) {
      await closeConnection(connection);
      throw error;
    }
    return { closed: closed.finally(() => closeConnection(connection)) };
  }

  /** `lost` is aborted when the channel is of no use any more: then the broker delivers the task again, and nobody acks. */
  #take(channel: Channel, message: ConsumeMessage, lost: AbortSignal): void {
    const work = this.#process(channel, message, lost)
      .catch((error: unknown) => this.#handBack(channel, message, error, lost))
      .finally(() => this.#inHand.delete(work));
    this.#inHand.add(work);
  }

  async #process(channel: Channel, message: ConsumeMessage, lost: AbortSignal): Promise<void> {
    // Work under way is finished when we close; waiting for a database or a broker that is away is not.
    const over = AbortSignal.any([lost, this.#closing.signal]);
    const outcome = await this.#options.apply(toDelivery(this.#options.queue, message), over);
    // The broker delivers it again already: on the ladder it would be a second task.
    if (lost.aborted) return;
    if (outcome.kind === 'retry') await this.#climb(message, outcome, over);
    if (!lost.aborted) channel.ack(message);
  }

  /** Has the broker deliver it again after a while. Kept without an acknowledgement it would fill the prefetch for good. */
  async #handBack(channel: Channel, message: ConsumeMessage, error: unknown, signal: AbortSignal): Promise<void> {
    const { queue, onEvent } = this.#options;
    const attempt = Number(message.properties.headers?.['x-delivery-count'] ?? 0) + 1;
    onEvent?.('repeating', { queue, attempt, ...describeError(error) });
    const over = AbortSignal.any([signal, this.#closing.signal]);
    await delay(backoff(attempt, { maxMs: 5_000 }), over);
    // A channel that is closed, or about to be, gives back all that was in hand there.
    // `reject`, not `nack`: from 4.3 on only that counts towards the delivery limit.
    if (!over.aborted) channel.reject(message, true);
  }

  /**
   * Puts the task on the retry ladder, as often as it takes: it is acknowledged only when it stands there, or is given up,
   * because no attempt at that will help. What arrived may be more than amqplib can send again.
   */
  async #climb(message: ConsumeMessage, outcome: Outcome & { kind: 'retry' }, signal: AbortSignal): Promise<void> {
    const { publisher, retryQueue, giveUp, onEvent, queue } = this.#options;
    const { properties, content } = message;
    for (let attempt = 1; ; attempt += 1) {
      if (attempt > 1) signal.throwIfAborted();
      try {
        const { confirmed, refused } = await publisher.publish([
          {
            ref: 'retry',
            exchange: '',
            routingKey: retryQueue(outcome.rung),
            content,
            id: String(properties.messageId ?? ''),
            type: String(properties.type ?? ''),
            headers: { ...properties.headers, ...outcome.headers },
          },
        ]);
        if (refused.length === 1) return void (await giveUp(toDelivery(queue, message), refused[0]!.reason, signal));
        if (confirmed.length === 1) return;
        throw new Error('the retry queue did not take the task');
      } catch (error) {
        onEvent?.('repeating', { queue, attempt, ...describeError(error) });
        await delay(backoff(attempt), signal);
      }
    }
  }
}

function toDelivery(queue: string, { content, properties }: ConsumeMessage): Delivery {
  return {
    source: 'rabbitmq',
    topic: queue,
    key: null,
    headers: properties.headers ?? {},
    value: content,
  };
}
