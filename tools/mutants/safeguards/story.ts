import type { Mutant } from '../mutant.ts';

const trail = { file: 'libs/service/src/trail.ts', spec: 'libs/service/src/trail.int.spec.ts' };
const story = { file: 'tools/story/rules.ts', spec: 'tools/story/story.spec.ts' };
const attempt =
  'an attempt that failed is told with its reason, the fact that asked for the task, and when the next one is due';

export const stories: readonly Mutant[] = [
  {
    name: 'trail-told-to-everybody',
    promise: 'Only operators are told what a service knows of an order.',
    ...trail,
    file: 'libs/service/src/trail.controller.ts',
    from: `@UseGuards(OperatorsOnly)
`,
    to: '',
    test: ['whoever is no operator is told nothing'],
  },
  {
    name: 'attempt-without-its-reason',
    promise: 'What an attempt at a task failed at is kept, and when the next one is due.',
    ...trail,
    file: 'libs/inbox/src/task-inbox.ts',
    from: `'retry', { error, delayMs })`,
    to: `'retry')`,
    test: [attempt],
  },
  {
    name: 'reason-of-a-library-told',
    promise: 'An attempt’s error is told in words when they are ours: a library’s may quote what it choked on.',
    ...trail,
    from: 'ownWords(row.errorClass, row.errorMessage)',
    to: 'row.errorMessage',
    test: [attempt],
  },
  {
    name: 'silence-taken-for-patience',
    promise: 'A service that does not answer is named as what an order waits for.',
    ...story,
    from: 'if (!silent || isTaken(message, reader)) return undefined;',
    to: 'if (silent !== null) return undefined;',
    test: ['the first screen', 'when %s names the cause in one sentence'],
  },
];
