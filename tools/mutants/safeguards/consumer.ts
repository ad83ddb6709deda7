import type { Mutant } from '../mutant.ts';

const claim = { file: 'libs/inbox/src/claim.ts', spec: 'libs/inbox/src/chunk.int.spec.ts' };
const inbox = { file: 'libs/inbox/src/fact-inbox.ts', spec: 'libs/inbox/src/chunk.int.spec.ts' };
const attempt = { file: 'libs/inbox/src/attempt.ts', spec: 'libs/inbox/src/chunk.int.spec.ts' };
const work = { file: 'libs/inbox/src/fact-work.ts', spec: 'libs/inbox/src/chunk.int.spec.ts' };
const factSpec = 'libs/inbox/src/fact-inbox.int.spec.ts';

export const consumer: readonly Mutant[] = [
  {
    name: 'claimed-ids-ignored',
    promise: 'A consumer that dies between COMMIT and offset commit gets facts twice and applies each once.',
    file: claim.file,
    from: 'return new Set(rows.map((row) => row.event_id));',
    to: 'return new Set(ids);',
    spec: 'libs/service/src/consumer.fault.spec.ts',
    test: ['a consumer that dies between COMMIT and offset commit gets facts twice, and applies each once'],
  },
  {
    name: 'has-instead-of-delete',
    promise: 'A fact that stands twice in one chunk, as a relay that crashed sends it, is applied once.',
    ...inbox,
    from: 'claimed.delete(id)',
    to: 'claimed.has(id)',
    test: ['a chunk', 'holds one fact twice side by side, as a crashed relay sends it, and applies it once'],
  },
  {
    name: 'id-recorded-on-its-own',
    promise: 'A fact’s id is recorded with its effect, or not at all.',
    file: inbox.file,
    from: `claim(
        tx,`,
    to: `claim(
        autocommit(dataSource),`,
    spec: factSpec,
    test: ['a handler that fails', 'and works when the chunk is done again leaves one effect and nothing set aside'],
  },
  {
    name: 'ids-claimed-in-any-order',
    promise: 'Two instances that hold the same facts in different order do not deadlock.',
    ...claim,
    from: 'AS id ORDER BY id',
    to: 'AS id',
    test: ['a chunk', 'claims its ids in one order: two that hold the same facts in opposite orders do not deadlock'],
  },
  {
    name: 'look-for-held-keys-before-the-claim',
    promise: 'A fact does not pass an earlier one of its key that another instance parks in the same moment.',
    ...inbox,
    from: `
      const claimed = await claim(
        tx,
        consumer,
        messages.map(({ id }) => id),
      );
      // \`delete\`, not \`has\`: a relay that crashed sends a fact twice in a row, so one chunk can hold the same id twice.
      const [fresh, repeated] = partition(messages, ({ id }) => claimed.delete(id));
      if (fresh.length === 0) return repeated;
      // A statement of its own: a snapshot is older than the wait that the claim sat through, and as one statement with it
      // let a fact pass the one that was parked meanwhile.
      const held = await work.heldKeys(tx, fresh);`,
    to: `
      const held = await work.heldKeys(tx, messages);
      const ids = messages.map(({ id }) => id);
      const claimed = await claim(tx, consumer, ids);
      const [fresh, repeated] = partition(messages, ({ id }) => claimed.delete(id));
      if (fresh.length === 0) return repeated;`,
    test: ['a chunk', 'that waited for another one sees what that one parked, and lets nothing pass it'],
  },
  {
    name: 'rows-not-locked-before-the-handlers',
    promise: 'Consumers that touch the same rows in different order do not deadlock.',
    file: inbox.file,
    from: `      await work.lock(tx, facts);
`,
    to: '',
    spec: factSpec,
    test: [
      'the rows that two consumers touch in opposite orders are locked in one order: no deadlock, nothing is lost',
    ],
  },
  {
    name: 'chunk-not-given-up',
    promise: 'A chunk whose partition is somebody else’s by now leaves nothing behind.',
    ...inbox,
    from: `        signal.throwIfAborted();
        const { id, delivery } = message;`,
    to: '        const { id, delivery } = message;',
    test: ['a chunk', 'that is abandoned while it runs leaves nothing'],
  },
  {
    name: 'messages-of-a-failed-handler-sent',
    promise: 'What a handler announced before it failed was never said.',
    ...work,
    from: 'const collected: Collected[] = [];',
    to: 'const collected: Collected[] = ((this as any).collected ??= []);',
    test: [
      'a handler that fails in a chunk',
      'takes back what it did and announced, and the others are applied, in the same transaction',
    ],
  },
  {
    name: 'id-let-go-between-two-attempts',
    promise: 'The id of a fact that fails is never free in between for another instance.',
    ...inbox,
    from: 'const failure = thrown ?? verdict;',
    to: `const failure = thrown ?? verdict;
      if (failure) {
        for (const sql of ['ROLLBACK', 'SELECT pg_sleep(1)', 'BEGIN']) await tx.query(sql);
        await claim(tx, consumer, [id]);
      }`,
    test: [
      'a handler that fails in a chunk',
      'does not let go of the id in between: whoever delivers it meanwhile waits, and finds it taken',
    ],
  },
  {
    name: 'failed-statement-hidden-by-its-handler',
    promise: 'A handler that hides the error of a statement is to blame for that itself, and not the fact behind it.',
    ...attempt,
    from: 'thrown ?? (await settled(() => release(tx)));',
    to: 'thrown;',
    test: [
      'a handler that fails in a chunk',
      'and hides that a statement of its failed is to blame for that, and not the fact behind it',
    ],
  },
  {
    name: 'statement-after-the-attempt',
    promise: 'What a handler that failed does too late changes nothing.',
    ...attempt,
    from: `    if (over) throw new Error('this attempt is over');
`,
    to: '',
    test: ['a handler that fails in a chunk', 'while a part of it goes on: what comes late changes nothing'],
  },
  {
    name: 'time-out-of-a-statement-blamed-on-the-fact',
    promise: 'A time-out or a deadlock counts against no fact, whatever its handler makes of it.',
    file: attempt.file,
    from: `  if (blame === 'either') return { error: known ?? failed.error, isDoubtful: true };
`,
    to: '',
    spec: factSpec,
    test: ['an error of the database', 'that is %s counts for nobody, whatever the handler makes of it'],
  },
  {
    name: 'database-away-blamed-on-the-fact',
    promise: 'A database that cannot be reached counts against no fact.',
    ...attempt,
    from: 'const known = failed.error instanceof DatabaseUnavailable ? failed.error : firstFailure;',
    to: 'const known = firstFailure;',
    test: ['a handler that fails in a chunk', 'for a database that it reached by another way counts for nobody'],
  },
  {
    name: 'statement-of-ours-blamed-on-the-fact',
    promise: 'An error in a statement that no handler wrote repeats the chunk and counts against no fact.',
    ...inbox,
    from: 'setAside = await blameDatabase(this.#transactAlone(place, message, work.handlers));',
    to: 'setAside = await this.#transactAlone(place, message, work.handlers);',
    test: ['an error that no handler threw', 'in keeping what failed repeats the chunk and parks nothing'],
  },
  {
    name: 'unreadable-record-stops-the-consumer',
    promise: 'A record that cannot be read is dead at once, byte for byte, and the ones behind it are applied.',
    file: 'libs/inbox/src/fact-message.ts',
    from: 'return { id, delivery, unreadable: { error } };',
    to: 'throw error;',
    spec: factSpec,
    test: ['a record that %s is dead at once, byte for byte, and the ones behind it are applied'],
  },
  {
    name: 'unreadable-record-is-another-each-time',
    promise: 'A record without an id of its own is one dead letter, however often it is delivered.',
    file: 'libs/inbox/src/fact-message.ts',
    spec: inbox.spec,
    from: `own ?? deriveId(delivery.topic, delivery.partition ?? -1, delivery.offset ?? '');`,
    to: 'own ?? crypto.randomUUID();',
    test: [
      'a record whose own id cannot be believed gets one from its place, so that its redelivery is the same record',
    ],
  },
  {
    name: 'nul-in-an-error',
    promise: 'Whatever a handler throws can be stored.',
    file: 'libs/primitives/src/errors.ts',
    from: `.replaceAll('\\0', '')`,
    to: '',
    spec: inbox.spec,
    test: ['a handler that fails in a chunk', 'is parked when it %s'],
  },
];
