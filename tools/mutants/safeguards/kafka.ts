import type { Mutant } from '../mutant.ts';

const publisher = { file: 'libs/kafka/src/kafka-publisher.ts', spec: 'libs/kafka/src/kafka-publisher.int.spec.ts' };
const strategy = { file: 'libs/kafka/src/kafka.strategy.ts', spec: 'libs/kafka/src/kafka.strategy.int.spec.ts' };
const group = { file: strategy.file, spec: 'libs/kafka/src/kafka.strategy.group.int.spec.ts' };
const silentLoss = { file: publisher.file, spec: 'libs/kafka/src/silent-loss.int.spec.ts' };

export const kafka: readonly Mutant[] = [
  {
    name: 'keep-a-producer-that-failed',
    promise: 'No record is lost in silence: a producer of kafkajs whose send failed is never used again.',
    ...silentLoss,
    from: `      this.#discard(sending);
`,
    to: '',
    test: [
      'KafkaPublisher, on the same wire,',
      'throws the producer that failed away, and what is sent next is stored',
    ],
  },
  {
    name: 'two-sends-at-once',
    promise: 'One send is in flight at a time; of two side by side kafkajs may store one twice and the other never.',
    ...silentLoss,
    from: 'const published = this.#turn.then(() => this.#publish(rows));',
    to: 'const published = this.#publish(rows);',
    test: [
      'KafkaPublisher, on the same wire,',
      'sends one after the other, and of two that were handed over at once stores both',
    ],
  },
  {
    name: 'send-row-by-row',
    promise: 'The rows of one read are confirmed all or none, so that none passes an earlier one.',
    ...publisher,
    from: 'await producer.sendBatch({ acks: -1, topicMessages: byTopic(rows) });',
    to: 'for (const row of rows) await producer.sendBatch({ acks: -1, topicMessages: byTopic([row]) });',
    test: ['a send that fails', 'for one unknown topic stores none of its rows, and the next send works'],
  },
  {
    name: 'send-without-a-deadline',
    promise: 'A send ends in time, so that a leader which freezes at it loses its lock and no order is broken.',
    ...publisher,
    from: `await withDeadline('the send to Kafka', this.#deadlineMs, sending);`,
    to: 'await sending;',
    test: ['a send that fails', 'because its time was over is given up, and leaves no connection behind'],
  },
  {
    name: 'commit-the-offset-first',
    promise: 'An offset is committed after its facts were applied.',
    ...strategy,
    from: `        if (!(await this.#applied(deliveries, signal, payload))) return;
        resolveOffset(chunk.at(-1)!.offset);
        await commitOffsetsIfNecessary(uncommittedOffsets());`,
    to: `        resolveOffset(chunk.at(-1)!.offset);
        await commitOffsetsIfNecessary(uncommittedOffsets());
        if (!(await this.#applied(deliveries, signal, payload))) return;`,
    test: ['an offset', 'is committed after its chunk was applied, and not before'],
  },
  {
    name: 'batches-resolve-themselves',
    promise: 'A chunk that could not be applied comes again, before what follows it.',
    ...strategy,
    from: `        eachBatchAutoResolve: false,
`,
    to: '',
    test: ['a chunk that cannot be applied', 'comes again, before what follows it, and the other partitions go on'],
  },
  {
    name: 'wait-in-place',
    promise: 'A chunk that has to wait pauses its own partition only.',
    ...strategy,
    from: `      const resume = pause();
      setTimeout(resume, backoff(failures, { baseMs: 100, maxMs: 5_000 })).unref();`,
    to: '      await delay(backoff(failures, { baseMs: 100, maxMs: 5_000 }), signal);',
    test: ['a chunk that cannot be applied', 'comes again, before what follows it, and the other partitions go on'],
  },
  {
    name: 'error-of-a-handler-reaches-kafkajs',
    promise: 'No error of a handler reaches kafkajs, where a TypeError stops the consumer for good.',
    ...strategy,
    from: `      if (signal.aborted) return false;
      const failures`,
    to: `      throw error;
      const failures`,
    test: [
      'a chunk that cannot be applied',
      'for a TypeError does not stop the consumer, as it would in kafkajs itself',
    ],
  },
  {
    name: 'error-of-a-fact-handler-swallowed',
    promise: 'What a Nest handler of facts throws is an error, and not a success.',
    ...strategy,
    from: `
      if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });`,
    to: '',
    test: [
      'a chunk that cannot be applied',
      'is told what a Nest handler threw, which arrives as an Observable that errors',
    ],
  },
  {
    name: 'error-of-a-service-handler-swallowed',
    promise: 'The same holds where a service hands its Nest handlers to an inbox.',
    file: 'libs/service/src/handlers-of.ts',
    from: `
      if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });`,
    to: '',
    spec: 'libs/service/src/consumers.int.spec.ts',
    test: ['handlers of Nest throw what they threw, which arrives as an Observable that errors'],
  },
  {
    name: 'group-not-joined-again',
    promise: 'A consumer whose group has moved on without it joins again, and the chunk comes again.',
    ...group,
    from: '{ retriable: true, type });',
    to: '{ retriable: true });',
    test: ['a group', 'that refuses a commit is joined again, and the chunk comes again'],
  },
  {
    name: 'no-heartbeat',
    promise: 'A chunk in hand is given up when the group begins to rebalance, and applied by whoever gets it.',
    ...group,
    from: 'payload.heartbeat().catch((error: unknown) => abandon.abort(error));',
    to: '',
    test: ['a group', 'that begins to rebalance has its chunk in hand given up, and applied by whoever gets it'],
  },
  {
    name: 'stopped-consumer-looks-alive',
    promise: 'A consumer that stopped for good ends its process.',
    ...group,
    from: `      this.#crashed = true;
      onFatal(`,
    to: `      console.error(`,
    test: ['a group', 'that will never take it in is fatal: a consumer that stopped for good must not look alive'],
  },
  {
    name: 'begin-at-the-end-of-the-log',
    promise: 'A group that has no offset reads from the beginning of the log.',
    ...strategy,
    from: 'fromBeginning: true',
    to: 'fromBeginning: false',
    test: ['an offset', 'is committed after its chunk was applied, and not before'],
  },
  {
    name: 'forget-facts-after-a-week',
    promise: 'Facts are kept for ever, so that ids that are kept for ever are enough.',
    file: 'libs/contracts/src/topology.ts',
    from: `config: { 'retention.ms': '-1', 'max.message.bytes': String(MESSAGE_MAX_BYTES) }`,
    to: `config: { 'retention.ms': '604800000', 'max.message.bytes': String(MESSAGE_MAX_BYTES) }`,
    spec: 'libs/kafka/src/kafka.guarantees.int.spec.ts',
    test: ['a topic', 'has the retention and the size that the topology gives it, not the defaults of the broker'],
  },
];
