import type { Mutant } from '../mutant.ts';

const publisher = { file: 'libs/kafka/src/kafka-publisher.ts', spec: 'libs/kafka/src/kafka-publisher.int.spec.ts' };
const strategy = { file: 'libs/kafka/src/kafka.strategy.ts', spec: 'libs/kafka/src/kafka.strategy.int.spec.ts' };
const group = { file: strategy.file, spec: 'libs/kafka/src/kafka.strategy.group.int.spec.ts' };
const silentLoss = { file: publisher.file, spec: 'libs/kafka/src/silent-loss.int.spec.ts' };
const undecodable = { file: strategy.file, spec: 'libs/kafka/src/undecodable.int.spec.ts' };
const batches = { file: 'libs/kafka/src/record-batch.ts', spec: 'libs/kafka/src/record-batch.spec.ts' };

export const kafka: readonly Mutant[] = [
  {
    name: 'keep-a-producer-that-failed',
    promise:
      'A topic that is gone takes no other topic with it: a producer of kafkajs whose send failed is never used again.',
    ...publisher,
    from: `      this.#discard(opened.producer, sending);
`,
    to: '',
    test: [
      'what Kafka refuses',
      'for a topic that was deleted, which it wrote to before, takes no other topic with it',
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
      'sends one after the other: of two that were handed over at once the first fails and the second is stored',
    ],
  },
  {
    name: 'confirmed-because-nobody-said-no',
    promise: 'A row is confirmed by the answer for its partition, and not by the absence of an error.',
    file: 'libs/kafka/src/refusals.ts',
    spec: 'libs/kafka/src/refusals.spec.ts',
    from: 'codes.get(placeNameOf(row)) === 0)',
    to: '(codes.get(placeNameOf(row)) ?? 0) === 0)',
    test: [
      'a row is confirmed',
      'and by nothing else: an answer without its partition, and without an error, confirms nothing',
    ],
  },
  {
    name: 'pass-a-row-that-is-refused',
    promise: 'Behind a row that Kafka refuses the rows of its key wait; none passes it.',
    ...publisher,
    from: '      if (isBehindRefused(next, rows, total)) continue;\n',
    to: '',
    test: [
      'what Kafka refuses',
      'because it is too large is named alone; what shares its partition is stored, once and in order',
    ],
  },
  {
    name: 'first-error-of-a-send-is-all',
    promise: 'What one partition is refused for holds up no other, and nothing that was stored is sent again.',
    file: 'libs/kafka/src/produce-answers.ts',
    spec: publisher.spec,
    from: `      const passing = all.some(({ errorCode }) => errorCode !== 0 && errorOfCode(errorCode).retriable);
      return passing ? parse(answer) : Promise.resolve(answer);`,
    to: '      answers.splice(0);\n      return parse(answer);',
    test: [
      'what Kafka refuses',
      'because it is too large is named alone; what shares its partition is stored, once and in order',
    ],
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
    from: `        const [first] = chunk as [FetchedRecord];
`,
    to: `        const [first] = chunk as [FetchedRecord];
        resolveOffset(chunk.at(-1)!.offset);
        await commitOffsetsIfNecessary(uncommittedOffsets());
`,
    test: ['an offset', 'is committed after its chunk was applied, and not before'],
  },
  {
    name: 'pass-what-cannot-be-read',
    promise: 'A batch that cannot be read stops its partition until a person steps over it.',
    ...undecodable,
    from: '    if (await ask()) return true;\n',
    to: '    void (await ask());\n    if (at.reason) return true;\n',
    test: [
      'a batch that cannot be read',
      'stops its partition alone, is told with its place, and is passed when a person has stepped over it',
    ],
  },
  {
    name: 'no-checksum',
    promise: 'Bytes that were spoilt are not taken for records.',
    file: batches.file,
    spec: undecodable.spec,
    from: `throw new BatchError('wrong checksum');`,
    to: 'void crc32c;',
    test: [
      'a batch that cannot be read',
      'stops its partition alone, is told with its place, and is passed when a person has stepped over it',
    ],
  },
  {
    name: 'unpack-whatever-comes',
    promise: 'What a fetch unpacks is bounded, whatever arrives.',
    ...batches,
    from: '  return known.decompress(bytes, limit).catch(',
    to: '  return known.decompress(bytes, limit * 99).catch(',
    test: ['batches', 'that unpack to more than there is room for are named, by whichever codec'],
  },
  {
    name: 'unpack-all-of-a-fetch',
    promise: 'What a fetch unpacks is bounded, of however many batches it is made.',
    ...batches,
    from: '  budget.left -= weightOf(records.length);\n',
    to: '',
    test: ['batches', 'that unpack to much are given a few at a time'],
  },
  {
    name: 'large-records-all-at-once',
    promise: 'What waits for its COMMIT is bounded by bytes.',
    file: 'libs/kafka/src/chunk.ts',
    spec: undecodable.spec,
    from: '(bytes > CHUNK_BYTES || message.undecodable)',
    to: 'message.undecodable',
    test: ['records that are large are applied a few at a time, also when one fetch brings many of them'],
  },
  {
    name: 'wait-for-a-strangers-transaction',
    promise: "A stranger's transaction that stays open stops nobody.",
    ...undecodable,
    from: '      readUncommitted: true,\n',
    to: '',
    test: [
      'a transaction that a stranger',
      'has left open stops nobody, and its mark at the end is no message that waits',
    ],
  },
  {
    name: 'marks-of-transactions-wait',
    promise: 'An offset without a record is no message that waits.',
    ...undecodable,
    from: '      consumer.commitOffsets([{ topic, partition, offset }]).catch(() => undefined);\n',
    to: '',
    test: [
      'a transaction that a stranger',
      'has left open stops nobody, and its mark at the end is no message that waits',
    ],
  },
  {
    name: 'gone-without-a-word',
    promise: 'Records that were deleted before they were read are on record.',
    file: strategy.file,
    spec: 'libs/kafka/src/gone.int.spec.ts',
    from: '        if (BigInt(offset) < low) await onGone({ topic, partition, from: offset, to: String(low) });\n',
    to: '',
    test: [
      'records that are deleted before the group reads them',
      'while it is away are on record at its next start, and the rest is read',
    ],
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
    name: 'error-of-a-service-handler-swallowed',
    promise: 'What a Nest handler of facts or tasks throws is an error, and not a success.',
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
    file: 'libs/messages/src/topology.ts',
    from: `  'retention.ms': '-1',`,
    to: `  'retention.ms': '604800000',`,
    spec: 'libs/kafka/src/kafka.guarantees.int.spec.ts',
    test: ['a topic', 'has the retention and the size that the topology gives it, not the defaults of the broker'],
  },
  {
    name: 'forget-what-else-a-topic-is-told',
    promise: 'Set-up mends the settings that the topology gives, and no others.',
    file: 'libs/kafka/src/topic-settings.ts',
    spec: 'libs/kafka/src/topic-settings.int.spec.ts',
    from: '{ ...own.get(name), ...config }',
    to: 'config',
    test: ['a topic that somebody made or changed is named, mended, and keeps the settings that are nobody’s business'],
  },
];
