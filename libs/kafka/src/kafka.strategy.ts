import type { Delivery } from '@cartwheel/messages';
import { backoff, delay, describeError, withDeadline } from '@cartwheel/primitives';
import { type CustomTransportStrategy, Server } from '@nestjs/microservices';
import { type Consumer, type EachBatchPayload, type Kafka } from 'kafkajs';
import { METADATA_MAX_AGE_MS } from './client.ts';
import { chunkAt, toDelivery } from './chunk.ts';
import { guarded, type OutOfRange } from './fetch-guard.ts';
import type { FetchedRecord, Undecodable } from './fetched-record.ts';
import { missingTopics, offsetsOf } from './topics.ts';

export type UndecodableBatch = Undecodable & {
  readonly topic: string;
  readonly partition: number;
  /** The batch as Kafka has it. */
  readonly bytes: Buffer;
};

/** Offsets from `from` up to and without `to`. */
export type GoneRecords = {
  readonly topic: string;
  readonly partition: number;
  readonly from: string;
  readonly to: string;
};

type StrategyEvent = 'connected' | 'disconnected' | 'repeating' | 'undecodable' | 'gone';

export type KafkaStrategyOptions = {
  readonly kafka: Kafka;
  readonly groupId: string;
  readonly topics: readonly string[];
  /** What must exist before it starts, its own topics and those that its process writes to. */
  readonly required: readonly string[];
  readonly transportId: symbol;
  /** Returns when the chunk is durably dealt with; throws when it must come again. */
  readonly apply: (chunk: readonly Delivery[], signal: AbortSignal) => Promise<void>;
  /**
   * Keeps a batch that cannot be read for a person, and says whether one has stepped over it. Asked again and again, while
   * its partition waits.
   */
  readonly stepOver: (batch: UndecodableBatch) => Promise<boolean>;
  /** Keeps on record that these were deleted before the group read them. */
  readonly onGone: (gone: GoneRecords) => Promise<void>;
  readonly onEvent?: (event: StrategyEvent, details: Record<string, unknown>) => void;
  /** Something that waiting will not mend: the process should say so and exit. */
  readonly onFatal: (reason: string) => void;
};

/** Of one fetch. A batch that is larger comes all the same, alone. */
const FETCH_BYTES = 4_000_000;
const FETCH_BYTES_PER_PARTITION = 1_048_576;
/** How often somebody is asked whether a person has stepped over a batch. */
const STEP_OVER_POLL_MS = 2_000;
/** While one partition waits for its COMMIT, others go on. Rows are locked in one order, so they do not deadlock. */
const PARTITIONS_AT_ONCE = 4;
/** Below the client's request time-out: else kafkajs gives up on a rejoin that waits for a dead member, and joins twice. */
const SESSION_TIMEOUT_MS = 10_000;
const JOIN_DEADLINE_MS = 4_000;

/**
 * Prevents: an offset that is committed before its records are applied; a consumer that a handler's error, or bytes that
 *   nobody can read, stop for good; records that were deleted before they were read, and nobody is told.
 * How: `eachBatch` in chunks. `apply` returns after its COMMIT; only then is the offset resolved and committed.
 * Promises: 1. at least once, in order per partition. 2. No error of a handler reaches kafkajs (a TypeError there stops the
 *   consumer while the process stays up). 3. A chunk that must come again pauses its own partition only. 4. So does a batch
 *   that cannot be read, until a person steps over it. 5. Offsets that the group did not read and that are gone are told.
 * Costs: an offset commit per chunk.
 * Not here: dedup. A rebalance leaves the old `eachBatch` running, and only a throwing heartbeat tells: correctness rests
 *   on the ids, which are inserted first.
 * Proof: kafka.strategy.int.spec.ts, kafka.strategy.group.int.spec.ts, undecodable.int.spec.ts, gone.int.spec.ts,
 *   consumer.fault.spec.ts
 */
export class KafkaStrategy extends Server implements CustomTransportStrategy {
  override readonly propagatesEventHandlerErrors = true;
  readonly #options: KafkaStrategyOptions;
  readonly #stopping = new AbortController();
  #consumer: Consumer | undefined;
  #starting: Promise<void> | undefined;
  #crashed = false;
  readonly #failures = new Map<string, number>();
  /** Partitions that wait for a person, with what makes them go on. */
  readonly #waiting = new Map<string, () => void>();
  readonly #gone = new Set<string>();

  constructor(options: KafkaStrategyOptions) {
    super();
    this.#options = options;
    this.transportId = options.transportId;
  }

  /** Whether it consumes, or will once the broker is back. */
  get alive(): boolean {
    return !this.#crashed;
  }

  /** Returns at once: a broker that is away is waited for in the background. */
  listen(callback: () => void): void {
    this.#starting = this.#start();
    callback();
  }

  async close(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    // A disconnect while a join is under way leaves a member that joins again, so the join comes first. But it may wait for
    // a dead member's session time-out, longer than a shutdown may take: then the disconnect follows when it is through.
    const joined = Promise.resolve(this.#starting);
    const left = joined.then(() => this.#consumer?.disconnect());
    await withDeadline('joining the group', JOIN_DEADLINE_MS, joined).then(
      () => left,
      () => undefined,
    );
  }

  on(): void {
    throw new Error('KafkaStrategy has no events of its own');
  }

  unwrap<T>(): T {
    return this.#consumer as T;
  }

  async #start(): Promise<void> {
    const { kafka, required, groupId, onEvent, onFatal } = this.#options;
    for (let attempt = 1; !this.#stopping.signal.aborted; attempt += 1) {
      try {
        const missing = await missingTopics(kafka, required);
        if (missing.length > 0) return onFatal(`Kafka does not have ${missing.join(', ')}: run the set-up`);
        await this.#consume();
        return;
      } catch (error) {
        onEvent?.('disconnected', { groupId, attempt, ...describeError(error) });
        await delay(backoff(attempt, { baseMs: 250, maxMs: 5_000 }), this.#stopping.signal);
      }
    }
  }

  async #consume(): Promise<void> {
    const { kafka, topics, groupId, onEvent, onFatal } = this.#options;
    const consumer = kafka.consumer({
      groupId,
      sessionTimeout: SESSION_TIMEOUT_MS,
      heartbeatInterval: 1_500,
      rebalanceTimeout: 30_000,
      // A fetch with every partition paused sleeps this long.
      maxWaitTimeInMs: 200,
      minBytes: 1,
      maxBytes: FETCH_BYTES,
      maxBytesPerPartition: FETCH_BYTES_PER_PARTITION,
      metadataMaxAge: METADATA_MAX_AGE_MS,
      // Nobody here writes transactions; a stranger's that stays open would stop every reader of its partition.
      readUncommitted: true,
      allowAutoTopicCreation: false,
      retry: { retries: 10, initialRetryTime: 200, maxRetryTime: 5_000 },
    });
    this.#consumer = consumer;
    let joined = false;
    let lost: Error | undefined;
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      onEvent?.('disconnected', { groupId, restart: payload.restart, ...describeError(payload.error) });
      if (payload.restart) return;
      if (isLostConnection(payload.error)) {
        lost = payload.error;
        if (joined) this.#starting = this.#start();
        return;
      }
      this.#crashed = true;
      onFatal(`the consumer ${groupId} stopped for good: ${payload.error.message}`);
    });
    // What holds no record but a mark of a transaction is read by kafkajs alone, and would count as waiting for ever.
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { topic, partition, lastOffset, batchSize } }) => {
      if (batchSize > 0) return;
      const offset = String(BigInt(lastOffset) + 1n);
      consumer.commitOffsets([{ topic, partition, offset }]).catch(() => undefined);
    });
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: [...topics], fromBeginning: true });
      // Auto-resolve is on by default, and would take a batch that was given up for one that was applied.
      const run = () =>
        consumer.run({
          autoCommit: false,
          eachBatchAutoResolve: false,
          partitionsConsumedConcurrently: PARTITIONS_AT_ONCE,
          eachBatch: (batch) => this.#eachBatch(batch),
        });
      await guarded({ onOutOfRange: (place) => void this.#noteGone(place) }, run);
      // `run` also returns when joining the group failed.
      if (lost) throw lost;
    } catch (error) {
      await consumer.disconnect().catch(() => undefined);
      throw error;
    }
    joined = true;
    if (!this.#crashed) onEvent?.('connected', { groupId, topics });
  }

  async #eachBatch(payload: EachBatchPayload): Promise<void> {
    const { batch, resolveOffset, commitOffsetsIfNecessary, uncommittedOffsets, isRunning, isStale } = payload;
    const abandon = new AbortController();
    const beat = setInterval(() => {
      payload.heartbeat().catch((error: unknown) => abandon.abort(error));
    }, 1_500);
    const signal = AbortSignal.any([abandon.signal, this.#stopping.signal]);
    try {
      for (let at = 0; at < batch.messages.length;) {
        if (signal.aborted || !isRunning() || isStale()) return;
        const chunk = chunkAt(batch.messages as FetchedRecord[], at);
        at += chunk.length;
        const [first] = chunk as [FetchedRecord];
        const isDone = first.undecodable
          ? await this.#steppedOver({ ...first, undecodable: first.undecodable }, payload)
          : await this.#applied(
              chunk.map((message) => toDelivery(batch.topic, batch.partition, message)),
              signal,
              payload,
            );
        if (!isDone) return;
        resolveOffset(chunk.at(-1)!.offset);
        await commitOffsetsIfNecessary(uncommittedOffsets());
      }
    } catch (error) {
      // Only Kafka's own errors get here: an offset commit that failed. kafkajs restarts the consumer after a retriable one,
      // and knows by `type` that the group has moved on and must be joined again.
      const { type } = error as { type?: string };
      throw Object.assign(new Error(describeError(error).message, { cause: error }), { retriable: true, type });
    } finally {
      clearInterval(beat);
    }
  }

  /** False: the chunk must come again. Then its partition is paused for a while instead of sleeping in `eachBatch`. */
  async #applied(
    chunk: readonly Delivery[],
    signal: AbortSignal,
    { batch, pause }: EachBatchPayload,
  ): Promise<boolean> {
    const { topic, partition } = batch;
    const place = `${topic} ${partition}`;
    try {
      await this.#options.apply(chunk, signal);
      this.#failures.delete(place);
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      const failures = (this.#failures.get(place) ?? 0) + 1;
      this.#failures.set(place, failures);
      const { groupId, onEvent } = this.#options;
      onEvent?.('repeating', { groupId, topic, partition, failures, ...describeError(error) });
      const resume = pause();
      setTimeout(resume, backoff(failures, { baseMs: 100, maxMs: 5_000 })).unref();
      return false;
    }
  }

  /** False: nobody has stepped over the batch. Then its partition is paused until somebody does. */
  async #steppedOver(
    { undecodable, value }: { undecodable: Undecodable; value: Buffer | null },
    { batch, pause }: EachBatchPayload,
  ): Promise<boolean> {
    const { groupId, stepOver, onEvent } = this.#options;
    const at = { topic: batch.topic, partition: batch.partition, ...undecodable };
    // A database that is away has not said yes.
    const ask = () => stepOver({ ...at, bytes: value ?? Buffer.alloc(0) }).catch(() => false);
    if (await ask()) return true;
    const place = `${at.topic} ${at.partition}`;
    const isAsking = this.#waiting.has(place);
    this.#waiting.set(place, pause());
    if (isAsking) return false;
    onEvent?.('undecodable', { groupId, ...at });
    void this.#askAgain(place, ask);
    return false;
  }

  async #askAgain(place: string, ask: () => Promise<boolean>): Promise<void> {
    do await delay(STEP_OVER_POLL_MS, this.#stopping.signal);
    while (!this.#stopping.signal.aborted && !(await ask()));
    this.#waiting.get(place)!();
    this.#waiting.delete(place);
  }

  /** kafkajs goes on at the beginning of the log, and commits that: afterwards nobody could tell what is missing. */
  async #noteGone({ topic, partition, offset }: OutOfRange): Promise<void> {
    const { kafka, groupId, onGone, onEvent } = this.#options;
    const place = `${topic} ${partition} ${offset}`;
    if (this.#gone.has(place)) return;
    this.#gone.add(place);
    for (let attempt = 1; !this.#stopping.signal.aborted; attempt += 1) {
      try {
        const { low, high } = await offsetsOf(kafka, topic, partition);
        onEvent?.('gone', { groupId, topic, partition, next: offset, low: String(low), high: String(high) });
        if (BigInt(offset) < low) await onGone({ topic, partition, from: offset, to: String(low) });
        return;
      } catch (error) {
        onEvent?.('repeating', { groupId, topic, partition, attempt, ...describeError(error) });
        await delay(backoff(attempt, { baseMs: 100, maxMs: 5_000 }), this.#stopping.signal);
      }
    }
  }
}

/**
 * kafkajs stops for good when a connection is lost just while it asks who coordinates the group, or waits for another
 * request's turn. A forbidden group looks the same to it, and is asked for again and again too.
 */
function isLostConnection(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (['KafkaJSGroupCoordinatorNotFound', 'KafkaJSLockTimeout'].includes(at.name)) return true;
  }
  return false;
}
