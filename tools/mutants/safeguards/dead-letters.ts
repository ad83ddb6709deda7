import type { Mutant } from '../mutant.ts';

const operate = { file: 'libs/parking/src/operate.ts', spec: 'libs/parking/src/operate.int.spec.ts' };
const shown = { file: 'libs/parking/src/dead-letter.ts', spec: 'libs/parking/src/dead-letter.int.spec.ts' };
const controller = {
  file: 'libs/service/src/dead-letters.controller.ts',
  spec: 'libs/service/src/dead-letters.controller.int.spec.ts',
};

const nothingPersonal = [
  'nothing personal',
  'that stands in %s is listed or shown; a reveal has it, and says who looked',
];

export const deadLetters: readonly Mutant[] = [
  {
    name: 'operators-not-asked-for-their-token',
    promise: 'Whoever is no operator sees and changes nothing.',
    ...controller,
    from: `@UseGuards(OperatorsOnly)
`,
    to: '',
    test: ['whoever is no operator', 'with %s sees and changes nothing'],
  },
  {
    name: 'empty-token-lets-in',
    promise: 'Where no token was configured nobody is an operator.',
    file: 'libs/http/src/operators-only.ts',
    from: `this.token !== '' && `,
    to: '',
    spec: 'libs/http/src/operators-only.spec.ts',
    test: ['an empty token, which is none, lets nobody in'],
  },
  {
    name: 'act-without-the-lock-of-the-row',
    promise: 'Of ten operators who act on one message at once one does, and the others are told so.',
    ...operate,
    from: `readRow(tx, position, 'FOR UPDATE')`,
    to: 'readRow(tx, position)',
    test: ['a %s', 'of one %s by ten operators at once happens once, and is recorded once'],
  },
  {
    name: 'act-on-what-is-not-dead',
    promise: 'What waits for its next attempt is left alone.',
    ...operate,
    from: `if (row.state !== 'dead') throw notDead();`,
    to: '',
    test: ['a %s', 'of a message that is not dead any more, but parked, is refused'],
  },
  {
    name: 'replayed-task-not-forgotten',
    promise: 'A task that is replayed is done, and not taken for a repeat.',
    ...operate,
    from: `
    await tx.query('DELETE FROM processed_events WHERE consumer = $1 AND event_id = $2', [row.consumer, row.eventId]);`,
    to: '',
    test: [
      'a task that is replayed',
      'is no dead letter any more, is forgotten, and stands in the outbox for its own queue',
    ],
  },
  {
    name: 'replayed-task-keeps-its-failures',
    promise: 'A task that is replayed has all its attempts before it.',
    ...operate,
    from: `
      .filter(([name]) => !name.startsWith('x-') && !name.startsWith('cartwheel_'))`,
    to: '',
    test: ['a task that is replayed', 'has its failures counted from nothing'],
  },
  {
    name: 'replay-what-stops-the-relay',
    promise: 'A replay never puts a message into the outbox at which the relay would stop.',
    ...operate,
    from: 'if (tooLarge) {',
    to: 'if (tooLarge && false) {',
    test: ['a task that is replayed', 'is refused, and stays dead, when the relay would stop at its %s'],
  },
  {
    name: 'replay-without-a-record',
    promise: 'A replay that cannot be recorded does not happen.',
    ...operate,
    from: `await record(tx, 'replay', row, by, to.contracts);`,
    to: '',
    test: ['a %s', 'that cannot be recorded does not happen'],
  },
  {
    name: 'discard-without-a-record',
    promise: 'Neither does a discard.',
    ...operate,
    from: `await record(tx, 'discard', row, by, contracts);`,
    to: '',
    test: ['a %s', 'that cannot be recorded does not happen'],
  },
  {
    name: 'reveal-without-a-record',
    promise: 'Who looked at a customer’s data is on record.',
    ...operate,
    from: `await record(tx, 'reveal', row, by, contracts);`,
    to: '',
    spec: shown.spec,
    test: nothingPersonal,
  },
  {
    name: 'discard-without-a-reason',
    promise: 'Nothing is given up for good without a reason.',
    ...operate,
    from: 'if (!by.reason?.trim()) throw',
    to: 'if (!by) throw',
    test: ['a discard', 'with %j for a reason is refused'],
  },
  {
    name: 'personal-fields-shown',
    promise: 'An operator who looks at a message is not shown its customer.',
    ...shown,
    from: 'data: maskPersonal(data) };',
    to: 'data };',
    test: nothingPersonal,
  },
  {
    name: 'text-of-a-library-shown',
    promise: 'An error’s text is shown when it is ours: a library’s may quote what it choked on.',
    ...shown,
    from: 'errorClass !== null && QUOTES_NOTHING.includes(errorClass) ? message : null',
    to: 'message',
    test: nothingPersonal,
  },
  {
    name: 'odd-key-shown',
    promise: 'A key is shown when it is an id.',
    ...shown,
    from: 'return isId(text) ? text :',
    to: 'return text ? text :',
    test: nothingPersonal,
  },
];
