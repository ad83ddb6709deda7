import type { Mutant } from '../mutant.ts';

const replication = { file: 'libs/kafka/src/replication.ts', spec: 'libs/kafka/src/replication.spec.ts' };

export const copies: readonly Mutant[] = [
  {
    name: 'confirm-with-one-copy',
    promise: 'Of three copies two must have a record before it is confirmed.',
    ...replication,
    from: '>= CLUSTER ? 2 : 1)',
    to: '>= CLUSTER ? 1 : 1)',
    test: ['of %s copies %s must have a record'],
  },
  {
    name: 'ask-for-more-copies-than-there-are',
    promise: 'No topic is asked for more copies in sync than it has: nothing could be written to it.',
    ...replication,
    from: 'return Math.min(configured, copies);',
    to: 'return configured;',
    test: ['what is configured counts, as far as there are copies'],
  },
  {
    name: 'forget-what-else-is-set',
    promise: 'Setting one thing on a topic keeps the others: facts that were kept for ever still are.',
    file: replication.file,
    spec: 'libs/kafka/src/replication.int.spec.ts',
    from: '{ ...own, [MIN_INSYNC]: wanted }',
    to: '{ [MIN_INSYNC]: wanted }',
    test: ['on one broker one copy must have a record, which is said on the topic; what else is set on it stays'],
  },
];
