import type { Mutant } from '../mutant.ts';

const inbox = { file: 'libs/inbox/src/task-inbox.ts', spec: 'libs/inbox/src/task-inbox.int.spec.ts' };
const attempts = { file: 'libs/inbox/src/task-attempts.ts', spec: inbox.spec };
const ladder = { file: 'libs/inbox/src/task-ladder.ts', spec: inbox.spec };

export const tasks: readonly Mutant[] = [
  {
    name: 'task-done-again',
    promise: 'A task whose outcome is recorded is not done again.',
    ...attempts,
    from: 'SELECT FROM processed_events WHERE consumer = $4 AND event_id = $1',
    to: 'SELECT FROM processed_events WHERE consumer = $4 AND false',
    test: ['a task', 'that was recorded is not done again, however often and however concurrently it is delivered'],
  },
  {
    name: 'two-attempts-of-one-number',
    promise: 'Deliveries of one task that begin in the same moment are not taken for a database that is away.',
    ...attempts,
    from: 'ON CONFLICT (task_id, attempt) DO NOTHING RETURNING attempt',
    to: 'RETURNING attempt',
    test: [
      'a task',
      'that is delivered again while it is begun counts each attempt, and finds nothing wrong with the database',
    ],
  },
  {
    name: 'outcome-recorded-again',
    promise: 'Of two workers that do one task at the same time one records its outcome.',
    ...inbox,
    from: 'if (claimed.size === 0) return;',
    to: '',
    test: ['a task', 'that two workers have in hand at the same time is recorded once'],
  },
  {
    name: 'task-id-recorded-on-its-own',
    promise: 'A task’s id is recorded with its outcome, or not at all.',
    ...inbox,
    from: 'const claimed = await blameDatabase(claim(tx, consumer, [task.id]));',
    to: `const alone = { query: async (sql, values) => (await pool.query(sql, [...values])).rows };
      const claimed = await blameDatabase(claim(alone, consumer, [task.id]));`,
    test: ['a failure', 'in the step that records the outcome leaves no id behind: the next attempt records it'],
  },
  {
    name: 'id-not-recorded',
    promise: 'A task that asks for nothing more records that too.',
    ...inbox,
    from: 'if (!finished) await finish(() => Promise.resolve());',
    to: '',
    test: ['a task', 'that is not due records its id and emits nothing'],
  },
  {
    name: 'outage-uses-up-attempts',
    promise: 'An outside that is away never uses up a task’s attempts.',
    ...inbox,
    from: 'error instanceof Transient ? failures : failures + 1',
    to: 'failures + 1',
    test: ['a failure', 'that is Transient climbs the ladder and then stays on its last rung, never using up attempts'],
  },
  {
    name: 'tried-for-ever',
    promise: 'A task that fails by itself is dead after one attempt per rung and one more.',
    ...inbox,
    from: ' || counted >= MAX_FAILURES',
    to: '',
    test: ['a failure', 'of another kind is dead after one attempt per rung and one more'],
  },
  {
    name: 'permanent-tried-again',
    promise: 'What no attempt can mend is dead at once.',
    ...inbox,
    from: 'error instanceof Permanent || ',
    to: '',
    test: ['a failure', 'that is Permanent is dead at once'],
  },
  {
    name: 'database-away-climbs-the-ladder',
    promise: 'A database that is away is waited for with the task in hand, and counts for nobody.',
    ...inbox,
    from: `      if (error instanceof DatabaseUnavailable) throw error;
`,
    to: '',
    test: ['a failure', 'of the database is waited out with the task in hand, and counts for nobody'],
  },
  {
    name: 'retry-headers-believed',
    promise: 'Edited retry headers loop nothing.',
    ...ladder,
    from: '/^\\d{1,6}$/.test(header(name)) ? Math.max(Number(header(name)), first) : first;',
    to: 'Number(header(name) || first);',
    test: ['edited retry headers count as a first delivery, and loop nothing'],
  },
  {
    name: 'dead-again',
    promise: 'A task that the broker gave up after its outcome was recorded, or twice, is nothing to look at.',
    ...inbox,
    from: 'if ((await claim(tx, consumer, [id])).size === 0) return false;',
    to: 'await claim(tx, consumer, [id]);',
    test: ['a task that the broker gave up', 'after its outcome was recorded, or twice, is nothing to look at'],
  },
];
