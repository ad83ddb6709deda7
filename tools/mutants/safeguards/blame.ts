import type { Mutant } from '../mutant.ts';

const inbox = 'libs/inbox/src/fact-inbox.ts';
const work = 'libs/inbox/src/fact-work.ts';
const transaction = { file: 'libs/postgres/src/transaction.ts', spec: 'libs/postgres/src/transaction.int.spec.ts' };
const liveness = { file: 'libs/service/src/liveness.ts', spec: 'libs/service/src/liveness.int.spec.ts' };
const blame = 'libs/inbox/src/blame.int.spec.ts';
const deadlines = 'libs/inbox/src/deadlines.int.spec.ts';
const deaths = 'libs/inbox/src/deaths.fault.spec.ts';
const rolling = 'libs/inbox/src/rolling-deployment.int.spec.ts';
const neverSettles = 'a handler that never settles has failed when its deadline is over, and is not run a second time';

export const blames: readonly Mutant[] = [
  {
    name: 'wrong-statement-taken-for-a-lost-connection',
    promise: 'A statement with the wrong number of parameters counts against its fact, also in the locks.',
    file: 'libs/postgres/src/failures.ts',
    from: `['08P01', 'code',`,
    to: `['08P01', 'database',`,
    spec: blame,
    test: ['an error of the code', '%s counts against its fact, and the others are applied'],
  },
  {
    name: 'chance-repeated-for-ever',
    promise: 'What fails for the third time in a row on a database that lives counts against its fact.',
    file: inbox,
    from: 'return doubts >= DOUBTS;',
    to: 'return false;',
    spec: blame,
    test: [
      'an error that may be chance',
      'of a handler (%s) repeats the chunk twice, then counts against its fact, and the others are applied',
    ],
  },
  {
    name: 'constraint-that-waits-for-commit',
    promise: 'What COMMIT would refuse counts against the fact that it is about.',
    file: 'libs/inbox/src/attempt.ts',
    from: `  await tx.query('SET CONSTRAINTS ALL IMMEDIATE');
`,
    to: '',
    spec: blame,
    test: ['an error of the code', 'in %s counts against its fact, and the others are applied'],
  },
  {
    name: 'read-only-session-back-to-the-pool',
    promise: 'A session that may only read is used by nobody again.',
    ...transaction,
    from: '    broken = isReadOnlySession(failure);\n',
    to: '',
    test: [
      'a transaction',
      'on a session that may only read is the database’s fault, and the last use of that session: %s',
    ],
  },
  {
    name: 'given-up-connection-back-to-the-pool',
    promise: 'A connection that something given up still uses is used by nobody else.',
    ...transaction,
    from: 'broken = error instanceof DeadlineExceeded;',
    to: 'broken = false;',
    test: [
      'a transaction',
      'whose work is given up closes its connection: what goes on there is not somebody else’s next statement',
    ],
  },
  {
    name: 'read-only-database-is-ready',
    promise: 'A service whose database may only be read is not ready.',
    ...liveness,
    from: 'if (mayWrite) return true;',
    to: 'return true;',
    test: ['a database that may only be read is not ready, and is again as soon as it may be written to'],
  },
  {
    name: 'stuck-is-alive',
    promise: 'Who has had the same work in hand for too long is restarted.',
    ...liveness,
    from: 'this.#progress.alive && ',
    to: '',
    test: ['what has had the same work in hand for too long is not alive, once set-up was checked'],
  },
  {
    name: 'handler-without-a-deadline',
    promise: 'A handler that never settles stops nobody but its own key.',
    file: work,
    from: 'await withDeadline(`the handler of ${envelope.type}`, this.deadlineMs, handled);',
    to: 'await handled;',
    spec: deadlines,
    test: [neverSettles],
  },
  {
    name: 'hanging-handler-run-again',
    promise: 'A handler that never settled is not waited for a second time before its fact is set aside.',
    file: work,
    from: '      if (error instanceof DeadlineExceeded) this.condemn(envelope.id, error);\n',
    to: '',
    spec: deadlines,
    test: [neverSettles],
  },
  {
    name: 'deaths-not-counted',
    promise: 'A fact that ends its process is parked after three deaths, and its neighbours are applied.',
    file: 'libs/inbox/src/begun-attempts.ts',
    from: 'const deaths = row!.begun - 1;',
    to: 'const deaths = 0;',
    spec: deaths,
    test: [
      'a fact that ends its process',
      '(%s) is parked after three deaths; what stands beside it in its chunk is applied, once',
    ],
  },
  {
    name: 'retry-that-is-not-on-record',
    promise: 'A parked fact that ends its process is dead after five deaths.',
    file: inbox,
    from: 'const deaths = verdict ? 0 : await this.#begun.begin(RETRIES, id);',
    to: 'const deaths = 0;',
    spec: deaths,
    test: [
      'a fact that ends its process',
      'and waits behind another one of its key does not end processes for ever either',
    ],
  },
  {
    name: 'stray-rejection-of-nobody',
    promise: 'A rejection that a handler let go of is its fact’s failure.',
    file: inbox,
    from: '      await work.throwIfStray(inHand);\n',
    to: '',
    spec: deaths,
    test: [
      'a promise that a handler lets go of, and that is rejected,',
      '(%s) is its fact’s failure, and the process lives',
    ],
  },
  {
    name: 'stray-rejection-of-a-request-is-fatal',
    promise: 'A promise that a request let go of does not take the API down.',
    file: 'libs/service/src/unhandled-rejection.ts',
    from: ' && activeCorrelationId() === undefined',
    to: '',
    spec: 'libs/service/src/unhandled-rejection.fault.spec.ts',
    test: ['a rejection that a request let go of is told, and the process goes on'],
  },
  {
    name: 'old-instance-skips-what-new-ones-handle',
    promise: 'An old instance leaves what only newer ones handle to them, and lets nothing of its key pass.',
    file: inbox,
    from: 'if (elsewhere.has(delivery)) return',
    to: 'if (elsewhere.size < 0) return',
    spec: rolling,
    test: [
      'a type that only newer instances handle',
      'is parked by an old one with all that follows of its key, and applied by a new one, in order',
    ],
  },
  {
    name: 'old-instance-uses-up-attempts',
    promise: 'A retry by an instance that is too old for a fact is no attempt.',
    file: inbox,
    from: `return { kind: 'elsewhere' };`,
    to: `return { kind: 'failed', error: new Error('not here') };`,
    spec: rolling,
    test: [
      'a type that only newer instances handle',
      'uses up no attempt of an old instance, however often that meets it',
    ],
  },
  {
    name: 'first-one-back-believes-nobody',
    promise: 'After an outage of the database, who is back first does not skip what the others handle.',
    file: 'libs/inbox/src/handled-types.ts',
    from: 'this.#isSteady() ? this.#validMs : LONG_AGO_MS',
    to: 'this.#validMs',
    spec: rolling,
    test: [
      'a type that only newer instances handle',
      'is not skipped after an outage of the database by who is first to be back',
    ],
  },
];
