import { describe, expect, test } from '@jest/globals';
import { newId } from '@cartwheel/primitives';
import { z } from 'zod';
import { defineContracts, type Delivery, maskEmail, originOf, text, UnreadableMessage } from './index.ts';

// Another app's definitions than this repository's shop: a blog, which counts its comments and writes to its authors.
const id = z.uuid();
const definitions = {
  facts: {
    CommentAdded: {
      topic: 'post-events',
      source: 'posts',
      version: 1,
      schema: z.object({ postId: id, author: z.object({ name: text(200), email: z.email() }), words: z.int() }),
    },
    CommentRemoved: {
      topic: 'post-events',
      source: 'posts',
      version: 1,
      schema: z.object({ postId: id, reason: z.enum(['spam', 'author']) }),
    },
    CountReached: { topic: 'count-events', source: 'counts', version: 2, schema: z.object({ postId: id }) },
  },
  tasks: {
    TellAuthor: {
      queue: 'author.mail',
      routingKey: 'author.mail.tell',
      version: 1,
      schema: z.object({ postId: id, mailId: id }),
    },
  },
  topics: ['post-events', 'count-events'],
  partitions: 3,
  groups: { counts: ['post-events'], posts: ['count-events'], search: ['post-events', 'count-events'] },
  queues: ['author.mail', 'search.index'],
  personal: { author: 'an author' },
} as const;
const { fact, headersOf, knownTypeOf, maskPersonal, readEnvelope, task, topology } = defineContracts(definitions);

const postId = newId();
const cause = { correlationId: newId(), causationId: `http:${newId()}` };

function delivered(change: { headers?: Record<string, string | undefined>; value?: Buffer | null } = {}): Delivery {
  const message = fact('CommentRemoved', postId, { postId, reason: 'spam' });
  return {
    source: 'kafka',
    topic: 'post-events',
    partition: 0,
    offset: '7',
    key: Buffer.from(postId),
    headers: { ...headersOf(message, 'posts', cause, 3), ...change.headers },
    value: change.value === undefined ? Buffer.from(JSON.stringify(message.data)) : change.value,
  };
}

function reasonOf(delivery: Delivery): string {
  try {
    readEnvelope(delivery);
    return 'readable';
  } catch (error) {
    if (!(error instanceof UnreadableMessage)) throw error;
    return error.reason;
  }
}

describe('an envelope', () => {
  test('reads back as it was written', () => {
    expect(readEnvelope(delivered())).toMatchObject({
      type: 'CommentRemoved',
      source: 'posts',
      subject: postId,
      version: 1,
      sequence: 3,
      ...cause,
      data: { postId, reason: 'spam' },
    });
  });
  test('reads the same from bytes, as Kafka hands headers over', () => {
    const plain = delivered();
    const bytes = Object.fromEntries(
      Object.entries(plain.headers).map(([name, value]) => [name, Buffer.from(String(value))]),
    );
    expect(readEnvelope({ ...plain, headers: bytes })).toEqual(readEnvelope(plain));
  });
  test.each([
    ['a value that is no JSON', { value: Buffer.from('{"postId":') }, 'undecodable'],
    ['a value that is no UTF-8', { value: Buffer.from([0x7b, 0xff, 0x7d]) }, 'undecodable'],
    ['no value', { value: null }, 'undecodable'],
    ['no id', { headers: { ce_id: undefined } }, 'undecodable'],
    ['an id that is no UUID', { headers: { ce_id: '1; DROP TABLE' } }, 'undecodable'],
    ['no type', { headers: { ce_type: undefined } }, 'undecodable'],
    ['a type that no contract knows', { headers: { ce_type: 'constructor' } }, 'undecodable'],
    ['a version of the future', { headers: { ce_dataversion: '2' } }, 'unknown-version'],
    ['data against its contract', { value: Buffer.from('{"postId":"x","reason":"because"}') }, 'contract-violation'],
    ['JSON that is no object', { value: Buffer.from('null') }, 'contract-violation'],
  ])('with %s is unreadable, and says which way', (_, change, reason) => {
    expect(reasonOf(delivered(change))).toBe(reason);
  });
  test.each([
    ['of 400 kB', 'f'.repeat(400_000)],
    ['with a NUL', `00-${'a'.repeat(32)}-${'b'.repeat(16)}\0`],
    ['of zeros', `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01`],
  ])('is read without a traceparent %s, which is nobody’s reason to refuse a message', (_, traceparent) => {
    const delivery = delivered({ headers: { traceparent } });
    expect(readEnvelope(delivery)).toMatchObject({ subject: postId, traceparent: undefined });
    expect(originOf(delivery)).toEqual({ correlationId: cause.correlationId, traceparent: undefined });
  });

  test('tells its checkout and its trace even when nothing else of it can be read', () => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const delivery = delivered({ headers: { ce_id: 'none', traceparent }, value: null });
    expect(originOf(delivery)).toEqual({ correlationId: cause.correlationId, traceparent });
    expect(originOf(delivered({ headers: { ce_correlationid: 'ada@example.com' } })).correlationId).toBeUndefined();
  });

  test('that cannot be read never quotes its content: it may be personal', () => {
    const spoiled = delivered({ value: Buffer.from('{"name":"Ada Moreau" broken') });
    expect(() => readEnvelope(spoiled)).toThrow(/^the value is not JSON in UTF-8$/);
    const wrong = delivered({ value: Buffer.from(JSON.stringify({ postId: 'ada@example.com', reason: 'x' })) });
    expect(() => readEnvelope(wrong)).toThrow(/at: postId, reason$/);
  });
});

describe('the topology', () => {
  test('carries its namespace in every name, so that two systems on one broker never meet', () => {
    const names = (space: string) => {
      const t = topology(space);
      return [
        ...t.topics.map(({ name }) => name),
        t.exchange,
        ...t.queues.map(({ name }) => name),
        ...t.consumers.map((group) => t.groupId(group)),
      ];
    };
    const [one, two] = [names('one'), names('two')];
    expect(one.filter((name) => two.includes(name))).toEqual([]);
    expect(new Set(one).size).toBe(one.length);
  });
  test('gives each consumer a dead-letter topic for each topic it reads', () => {
    const t = topology();
    const topics = t.topics.map(({ name }) => name);
    for (const consumer of t.consumers) {
      for (const topic of t.topicsOf(consumer)) expect(topics).toContain(t.deadLetterTopic(topic, consumer));
    }
  });
  test('loses no task between two queues: every hop is at-least-once', () => {
    for (const queue of topology().queues.filter(({ name }) => !name.endsWith('.dead'))) {
      expect(queue.arguments).toMatchObject({
        'x-dead-letter-strategy': 'at-least-once',
        'x-overflow': 'reject-publish',
      });
    }
  });
});

test('personal fields are masked in what people are shown', () => {
  expect(maskEmail('ada@example.com')).toBe('a***@example.com');
  expect(maskPersonal({ postId, author: { name: 'Ada', email: 'ada@example.com' } })).toEqual({
    postId,
    author: 'an author',
  });
  expect(maskPersonal({ postId, words: 3 })).toEqual({ postId, words: 3 });
  expect(maskPersonal('Ada')).toBe('Ada');
});

describe('an app’s own definitions', () => {
  test('say what its messages are, and a type they do not have is nobody’s', () => {
    expect(fact('CountReached', postId, { postId })).toMatchObject({
      kind: 'fact',
      type: 'CountReached',
      subject: postId,
    });
    expect(task('TellAuthor', postId, { postId, mailId: postId })).toMatchObject({ kind: 'task', type: 'TellAuthor' });
    expect(headersOf(fact('CountReached', postId, { postId }), 'counts', cause)).toMatchObject({ ce_dataversion: '2' });
    expect(knownTypeOf(delivered())).toBe('CommentRemoved');
    expect(knownTypeOf(delivered({ headers: { ce_type: 'toString' } }))).toBeUndefined();
  });

  test('name every topic and queue once, under the namespace', () => {
    const t = topology('mine', { partitions: 5 });
    expect(t.topics.map(({ name, partitions }) => `${name} ${partitions}`)).toEqual([
      'mine.post-events 5',
      'mine.count-events 5',
      'mine.post-events.counts.dlq 1',
      'mine.count-events.posts.dlq 1',
      'mine.post-events.search.dlq 1',
      'mine.count-events.search.dlq 1',
    ]);
    expect(topology().topics[0]).toMatchObject({ name: 'post-events', partitions: 3 });
    expect(t.topicsOf('search')).toEqual([t.topic('post-events'), t.topic('count-events')]);
    expect([t.queue('author.mail'), t.exchange]).toEqual(['mine.author.mail', 'mine.tasks']);
  });

  test('with a type that is a fact and a task are refused', () => {
    const { TellAuthor } = definitions.tasks;
    const both = { ...definitions.facts, TellAuthor: { ...definitions.facts.CountReached } };
    expect(() => defineContracts({ ...definitions, facts: both, tasks: { TellAuthor } })).toThrow(/: TellAuthor$/);
  });

  test('do not compile where they contradict each other, and neither does data of another type', () => {
    const wrong = () => {
      // @ts-expect-error: the data is another fact's
      fact('CommentRemoved', postId, { postId, words: 3 });
      // @ts-expect-error: a task is no fact
      fact('TellAuthor', postId, { postId, mailId: postId });
      // @ts-expect-error: no such topic
      topology().topic('author.mail');
      // @ts-expect-error: no such group
      topology().groupId('authors');
      // @ts-expect-error: a fact goes to a topic that is not defined
      defineContracts({ ...definitions, topics: ['post-events'], groups: { counts: ['post-events'] } });
      // @ts-expect-error: a group reads a topic that is not defined
      defineContracts({ ...definitions, groups: { counts: ['comment-events'] } });
      // @ts-expect-error: a task goes to a queue that is not defined
      defineContracts({ ...definitions, queues: ['search.index'] });
    };
    expect(wrong).toBeInstanceOf(Function);
  });
});
