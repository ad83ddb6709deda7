import type { Mutant } from '../mutant.ts';

const publisher = {
  file: 'libs/rabbitmq/src/rabbitmq-publisher.ts',
  spec: 'libs/rabbitmq/src/rabbitmq-publisher.int.spec.ts',
};
const refusals = { file: publisher.file, spec: 'libs/rabbitmq/src/rabbitmq-publisher.refusals.int.spec.ts' };
const strategy = {
  file: 'libs/rabbitmq/src/rabbitmq.strategy.ts',
  spec: 'libs/rabbitmq/src/rabbitmq.strategy.int.spec.ts',
};
const recovery = { file: strategy.file, spec: 'libs/rabbitmq/src/rabbitmq.strategy.recovery.int.spec.ts' };

export const rabbitmq: readonly Mutant[] = [
  {
    name: 'publish-without-waiting-for-confirms',
    promise: 'A task is sent when the broker has confirmed it, and not before.',
    ...publisher,
    from: 'return { answer, full: !accepting };',
    to: 'return { answer: Promise.resolve(true), full: !accepting };',
    test: ['nothing is confirmed', 'by a broker that does not answer in time, and the next publish works'],
  },
  {
    name: 'no-taken-for-an-answer',
    promise: 'A broker that refuses a task, or closes the channel over it, has not confirmed it.',
    ...publisher,
    from: 'resolve(error === null || error === undefined)',
    to: 'resolve(true)',
    test: ['nothing is confirmed', 'by an exchange that does not exist, and the next publish works'],
  },
  {
    name: 'not-mandatory',
    promise: 'A task that no queue is bound for is told apart: the broker acks it like any other.',
    ...publisher,
    from: 'mandatory: true,',
    to: '',
    test: ['a confirmed message', 'is one that a queue is bound for; the others are named unroutable'],
  },
  {
    name: 'not-persistent',
    promise: 'A confirmed task outlives the broker’s restart.',
    ...publisher,
    from: 'persistent: true,',
    to: '',
    test: ['a confirmed message', 'is in the queue, persistent, with all it was given'],
  },
  {
    name: 'no-waiting-for-drain',
    promise: 'What a slow broker does not take yet waits in the database, and not in memory.',
    ...publisher,
    from: `if (sent.full) await once(channel, 'drain', { signal: lost }).catch(() => undefined);`,
    to: '',
    test: ['a broker that takes nothing is handed no more than the socket holds, and the rest once it does'],
  },
  {
    name: 'publish-to-a-blocked-broker',
    promise: 'A broker that blocks publishers is sent nothing.',
    ...publisher,
    from: 'if (this.#blocked !== undefined) throw new Error(`RabbitMQ blocks publishers: ${this.#blocked}`);',
    to: '',
    test: ['a broker that blocks publishers is sent nothing until it lifts that, or the connection ends'],
  },
  {
    name: 'send-what-no-frame-holds',
    promise: 'A task whose headers no frame holds is named, and does not close the connection of all others.',
    ...refusals,
    from: "if (!fitsFrame(connection, message.headers)) return 'refused';",
    to: '',
    test: [
      'what no connection can carry',
      'is also what does not fit a frame of this broker, which would close the connection',
    ],
  },
  {
    name: 'fail-all-for-one-that-cannot-be-encoded',
    promise: 'A task that amqplib cannot encode is named, and its neighbours are sent.',
    ...refusals,
    from: "if (['RangeError', 'TypeError'].includes((error as Error).name)) return 'refused';",
    to: '',
    test: ['what no connection can carry', 'is named and not sent, and its neighbours are confirmed: %s'],
  },
  {
    name: 'one-channel-for-all-exchanges',
    promise: 'A publish to an exchange that is missing costs nobody else a confirm.',
    ...refusals,
    from: 'const lane = await this.#laneOf(exchange);',
    to: "const lane = await this.#laneOf('');",
    test: ['an exchange that takes nothing', 'because it %s is named, and takes no confirm of others with it'],
  },
  {
    name: 'climb-in-vain-for-ever',
    promise: 'A task that no ladder can hold is a dead letter, and leaves its place at the worker to others.',
    ...strategy,
    from: 'if (refused.length === 1) return',
    to: 'if (refused.length > 1) return',
    test: ['a task', 'that no ladder can hold is given up with the reason, and leaves its place to others'],
  },
  {
    name: 'confirms-without-a-deadline',
    promise: 'A broker that does not answer is given up in time.',
    ...publisher,
    from: `await withDeadline('the confirms of RabbitMQ', this.#deadlineMs, sending);`,
    to: 'await sending;',
    test: ['nothing is confirmed', 'by a broker that does not answer in time, and the next publish works'],
  },
  {
    name: 'dead-lettering-at-most-once',
    promise: 'A task is not lost between two queues.',
    file: 'libs/messages/src/topology.ts',
    from: `'x-dead-letter-strategy': 'at-least-once'`,
    to: `'x-dead-letter-strategy': 'at-most-once'`,
    spec: 'libs/messages/src/messages.spec.ts',
    test: ['the topology', 'loses no task between two queues: every hop is at-least-once'],
  },
  {
    name: 'acknowledge-first',
    promise: 'A task is acknowledged after its outcome is recorded: a crash before that brings it again.',
    ...strategy,
    from: `
    const outcome = await this.#options.apply(toDelivery(this.#options.queue, message), over);
    // The broker delivers it again already: on the ladder it would be a second task.
    if (lost.aborted) return;
    if (outcome.kind === 'retry') await this.#climb(message, outcome, over);
    if (!lost.aborted) channel.ack(message);`,
    to: `
    channel.ack(message);
    const outcome = await this.#options.apply(toDelivery(this.#options.queue, message), over);
    if (lost.aborted) return;
    if (outcome.kind === 'retry') await this.#climb(message, outcome, over);`,
    test: ['a task', 'is acknowledged after it was applied: a cut before that brings it again'],
  },
  {
    name: 'acknowledge-before-the-retry-stands',
    promise: 'A task is on the retry ladder before it leaves the work queue.',
    ...strategy,
    from: `    if (outcome.kind === 'retry') await this.#climb(message, outcome, over);
    if (!lost.aborted) channel.ack(message);`,
    to: `    if (!lost.aborted) channel.ack(message);
    if (outcome.kind === 'retry') await this.#climb(message, outcome, over);`,
    test: ['a task', 'to be tried again stays in hand until the ladder took it'],
  },
  {
    name: 'retry-not-confirmed',
    promise: 'A task whose rung is missing stays in hand.',
    ...strategy,
    from: 'if (confirmed.length === 1) return;',
    to: 'if (confirmed) return;',
    test: [
      'a task',
      'to be tried again stays in hand while its rung is missing, although the broker acks what it cannot route',
    ],
  },
  {
    name: 'climb-for-a-task-that-was-lost',
    promise: 'A task that the broker delivers again anyway is not put on the ladder beside that.',
    ...strategy,
    from: `    if (lost.aborted) return;
`,
    to: '',
    test: ['a task', 'is acknowledged after it was applied: a cut before that brings it again'],
  },
  {
    name: 'acknowledge-on-the-present-channel',
    promise: 'A task is acknowledged on the channel that delivered it; on another its number means another task.',
    ...strategy,
    from: `
    if (lost.aborted) return;
    if (outcome.kind === 'retry') await this.#climb(message, outcome, over);
    if (!lost.aborted) channel.ack(message);`,
    to: `
    if (outcome.kind === 'retry') await this.#climb(message, outcome, over);
    this.#channel!.ack(message);`,
    test: [
      'a task',
      'that is finished after its channel was lost is not acknowledged on the next, where its number means another',
    ],
  },
  {
    name: 'failed-task-kept-in-hand',
    promise: 'A task that could not be applied is handed back, and does not fill the prefetch.',
    ...strategy,
    from: '.catch((error: unknown) => this.#handBack(channel, message, error, lost))',
    to: '.catch(() => undefined)',
    test: ['a task', 'that could not be applied comes again and does not fill the prefetch'],
  },
  {
    name: 'prefetch-without-a-limit',
    promise: 'No more tasks are in hand than the prefetch says.',
    ...strategy,
    from: `await rpc('setting the prefetch', channel.prefetch(prefetch));`,
    to: '',
    test: ['no more tasks are in hand than the prefetch says'],
  },
  {
    name: 'cancelled-consumer-not-noticed',
    promise: 'A consumer whose queue was deleted and made again is back by itself.',
    ...recovery,
    from: `if (message === null) return close('the broker cancelled the consumer');`,
    to: 'if (message === null) return;',
    test: ['what must exist', 'and is deleted later is waited for, and the consumer is back when it is'],
  },
  {
    name: 'close-overtakes-the-acks',
    promise: 'A worker that is stopped has acknowledged all that it finished.',
    ...recovery,
    from: `    await rpc('closing the channel', Promise.resolve(this.#channel?.close())).catch(() => undefined);
`,
    to: '',
    test: ['close', 'has acknowledged all that it finished'],
  },
];
