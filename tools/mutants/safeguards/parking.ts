import type { Mutant } from '../mutant.ts';

const inbox = 'libs/inbox/src/fact-inbox.ts';
const work = 'libs/inbox/src/fact-work.ts';
const parked = { file: 'libs/parking/src/parking.ts', spec: 'libs/parking/src/parking.int.spec.ts' };
const retrier = { file: 'libs/parking/src/retrier.ts', spec: 'libs/parking/src/retrier.int.spec.ts' };

export const parking: readonly Mutant[] = [
  {
    name: 'nothing-is-held',
    promise: 'Each fact is applied at most once, in order per key, and ends as applied, parked or dead.',
    file: work,
    from: 'if (!parking || keys.length === 0) return new Set();',
    to: 'if (parking || keys) return new Set();',
    spec: 'libs/parking/src/parking.model.int.spec.ts',
    test: ['each message is applied at most once, in order per key, and ends as applied, parked or dead'],
  },
  {
    name: 'failed-fact-holds-nobody-in-its-chunk',
    promise: 'The later facts of a key wait behind one that failed, also in the same chunk; other keys flow.',
    file: inbox,
    from: `if (held.size > 0) setAside = { id, delivery, state: 'parked' };`,
    to: `if (held.size < 0) setAside = { id, delivery, state: 'parked' };`,
    spec: parked.spec,
    test: [
      'a message that fails',
      'is parked for a second or less, and the later ones of its key wait behind it, in order, while other keys flow',
    ],
  },
  {
    name: 'unreadable-fact-holds-nobody-in-its-chunk',
    promise: 'A record that cannot be read holds the later ones of its key, also in the same chunk.',
    file: inbox,
    from: 'if (parking && delivery.key !== null) held.add(keyOf(delivery.key));',
    to: '',
    spec: 'libs/inbox/src/chunk.int.spec.ts',
    test: ['a chunk', 'in which one cannot be read sets the later ones of its key aside behind it'],
  },
  {
    name: 'dead-fact-holds-nobody',
    promise: 'A dead fact holds its key until a person decides.',
    ...parked,
    from: 'AND topic = $2 AND key = k)',
    to: `AND topic = $2 AND key = k AND state = 'parked')`,
    test: ['a dead message', '%s holds its key: nothing passes it, also when nothing waits behind it yet'],
  },
  {
    name: 'long-key-as-it-is',
    promise: 'A key that is too long for an index is held like any other.',
    ...parked,
    from: 'return key.length <= MAX_KEY_BYTES ? key :',
    to: 'return key.length > 0 ? key :',
    test: ['what is kept', 'stands under the digest of a key that no index takes, so that the key is held'],
  },
  {
    name: 'nul-in-the-name-of-a-header',
    promise: 'What is kept is the delivery as it came, whatever is in it.',
    file: 'libs/outbox/src/outbox-row.ts',
    from: `name.replaceAll('\\0', '').toWellFormed()`,
    to: 'name',
    spec: parked.spec,
    test: ['what is kept', 'is the delivery as it came, byte for byte, whatever is in it'],
  },
  {
    name: 'retry-without-a-look-at-the-head',
    promise: 'Only the first message of a key is tried again.',
    ...retrier,
    from: 'AND position < $4) AS is_head',
    to: 'AND position < $4 AND false) AS is_head',
    test: ['two retriers', 'see that a message is not the head of its key any more'],
  },
  {
    name: 'retry-without-the-lock-of-the-row',
    promise: 'Two instances do not try one message at the same time.',
    ...retrier,
    from: ' FOR UPDATE SKIP LOCKED',
    to: '',
    test: ['two retriers', 'do not try one message at the same time'],
  },
  {
    name: 'retry-before-its-time',
    promise: 'A message that failed a moment ago is not tried again at once by another instance.',
    ...retrier,
    from: `state = 'parked' AND next_attempt_at <= now() FOR UPDATE`,
    to: `state = 'parked' FOR UPDATE`,
    test: [
      'two retriers',
      'do not try again at once what the other has just tried: the list of one is older than the attempt of the other',
    ],
  },
  {
    name: 'retry-counted-after-the-lock-is-gone',
    promise: 'A failure is counted before another instance may try.',
    ...retrier,
    from: `if (attempted.kind === 'failed') return this.#fail(tx, position, row, attempted.error);`,
    to: `if (attempted.kind === 'failed') {
        for (const sql of ['ROLLBACK', 'BEGIN']) await tx.query(sql);
        return this.#fail(tx, position, row, attempted.error);
      }`,
    test: ['two retriers', 'count a failure before the row is free for the other'],
  },
  {
    name: 'retry-without-the-locks-of-the-consumer',
    promise: 'A second attempt locks its rows as the first did, and does not deadlock with a chunk.',
    file: work,
    from: 'await this.lock(tx, [message.envelope]);',
    to: '',
    spec: retrier.spec,
    test: ['two retriers', 'and a chunk lock the rows that they touch in one order, and do not deadlock'],
  },
  {
    name: 'retry-every-second-for-ever',
    promise: 'A message that fails again and again rests longer each time.',
    ...parked,
    from: 'return backoff(attempts, { baseMs: 1_000, maxMs: 300_000 });',
    to: 'return attempts > 0 ? 1_000 : 0;',
    spec: retrier.spec,
    test: [
      'a head that is due',
      'that fails again waits longer, holds those behind it, and leaves nothing of its attempt',
    ],
  },
  {
    name: 'dead-without-a-copy',
    promise: 'After ten attempts a message is dead, with a copy for other tools.',
    ...retrier,
    from: 'await writeRows(tx, [deadLetterCopy(deadLetterTopic, consumer, delivery, failure)]);',
    to: '',
    test: ['a head that is due', 'is dead after ten attempts, with a copy for other tools, and holds its key'],
  },
  {
    name: 'one-trouble-stops-the-round',
    promise: 'An error of the database at one message does not hold up the other keys.',
    ...retrier,
    from: `          trouble = error as Error;
          await this.#putOff(position);
          return 0;`,
    to: '          throw error;',
    test: ['an error of the database', '%s is no attempt, and does not hold up the other keys'],
  },
  {
    name: 'trouble-comes-first-again',
    promise: 'A hundred messages whose attempts do not count keep no other from its turn.',
    ...retrier,
    from: 'await this.#putOff(position);',
    to: '',
    test: ['an error of the code', 'at a hundred heads (%s) does not keep the others from their turn'],
  },
];
