import {
  type ConsumerGroup,
  type FactType,
  facts,
  factTypes,
  headersOf,
  retryRungs,
  type TaskQueue,
  taskQueues,
  tasks,
  type TaskType,
  topology as topologyOf,
} from '@cartwheel/contracts';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { consumerGroups, handledTypes } from '../verify/handled-types.ts';
import { factExamples, taskExamples } from './examples.ts';

export const FILE = 'docs/reference/messages.md';
const root = join(import.meta.dirname, '../..');
const topology = topologyOf();
const taskTypes = Object.keys(tasks) as TaskType[];

/** `docs/reference/messages.md`, as topology and schemas would have it. */
export async function describeMessages(): Promise<string> {
  const parts = [
    HEAD,
    `\`\`\`mermaid\n${diagram()}\n\`\`\``,
    '## Facts, over Kafka',
    `A topic per announcing service, ${topology.topics[0]!.partitions} partitions each, kept for ever. The key is the order's id, so all facts of one order in one topic stay in order; between topics there is none. A group takes what it has a handler for and skips the rest. What a reader gives up for good goes to \`<topic>.<group>.dlq\` too.`,
    factTable(),
    ...factTypes.map(factSection),
    '## Tasks, over RabbitMQ',
    `Exchange \`${topology.exchange}\`, a queue per kind of work. One that fails waits in \`<queue>.retry.${retryRungs[0].name}\`, then \`${retryRungs
      .slice(1)
      .map(({ name }) => name)
      .join('`, `')}\`, and again on the last rung; what RabbitMQ gives up goes to \`<queue>.dead\`.`,
    taskTable(),
    ...taskTypes.map(taskSection),
    '## The headers',
    'CloudEvents 1.0 in binary mode, the same names on both brokers. Of a `PaymentAuthorized`:',
    `\`\`\`json\n${JSON.stringify(headers(), null, 2)}\n\`\`\``,
    HEADERS,
  ];
  const options = await resolveConfig(join(root, FILE));
  return format(parts.join('\n\n'), { ...options, filepath: FILE });
}

const HEAD = `<!-- Made by npm run messages from libs/contracts. Do not edit. -->

# Messages

Who tells whom what, over which channel: every fact and every task with its readers, its key and an example that its schema accepts. All of it comes from \`libs/contracts/src/contracts.ts\`, \`libs/contracts/src/facts.ts\` and \`libs/contracts/src/tasks.ts\`; a test says when this page does not. [glossary.md](../start/glossary.md) has the words.`;

const HEADERS = `\`ce_id\` is what every reader remembers, so that it takes the message once. \`ce_correlationid\` is one per checkout. \`ce_causationid\` is the *fact* that caused the message, also through a task, or \`http:<uuid>\` for a request: [\`npm run story\`](../operate/story.md) makes its tree of these. \`ce_sequence\` counts the facts of a subject in a topic; checkers read it, consumers never rely on it.`;

/**
 * Who sends what to whom. The messages are boxes, because labels of arrows would lie upon each other. Analytics reads
 * everything and would hide the rest, so it has one box.
 */
function diagram(): string {
  const lines = ['flowchart LR', '  client([client]) -- POST /checkout --> order'];
  const edges = Map.groupBy(factTypes.flatMap(edgesOf), ({ edge }) => edge);
  for (const [index, [edge, types]] of [...edges].entries()) {
    const [from, to] = edge.split(' ');
    const { topic } = facts[types[0]!.type];
    lines.push(
      `  ${from} === facts${index}[${box(
        topic,
        types.map(({ type }) => type),
      )}] ==> ${to}`,
    );
  }
  const sources = [...new Set(factTypes.map((type) => facts[type].source))];
  lines.push(`  ${sources.join(' & ')} === all[${box('all three topics', ['every fact'])}] ==> analytics`);
  for (const queue of taskQueues) {
    const types = taskTypes.filter((type) => tasks[type].queue === queue);
    const [worker, outside] = WORKERS[queue];
    lines.push(
      `  ${serviceOf(queue)} -.- ${worker}Tasks[${box(queue, types)}] -.-> ${worker}[/workers/] --> ${outside}`,
    );
  }
  const boxes = [
    ...[...edges].map((_, index) => `facts${index}`),
    'all',
    ...taskQueues.map((queue) => `${WORKERS[queue][0]}Tasks`),
  ];
  return [...lines, '  classDef messages fill:none,stroke-dasharray:3 3', `  class ${boxes.join(',')} messages`].join(
    '\n',
  );
}

function box(channel: string, lines: readonly string[]): string {
  return `"${[`<b>${channel}</b>`, ...lines].join('<br>')}"`;
}

/** The node of a queue's workers, and whom they talk to. */
const WORKERS: Readonly<Record<TaskQueue, readonly [string, string]>> = {
  'payment.card': ['card', 'gateway([card gateway])'],
  'email.message': ['mail', 'smtp([SMTP])'],
};

function edgesOf(type: FactType): { edge: string; type: FactType }[] {
  const readers = readersOf(type).map(serviceOf);
  return [...new Set(readers)]
    .filter((reader) => reader !== 'analytics')
    .map((reader) => ({ edge: `${facts[type].source} ${reader}`, type }));
}

function factTable(): string {
  const rows = factTypes.map((type) => {
    const { source, topic } = facts[type];
    return `| [${type}](#${type.toLowerCase()}) | ${source} | \`${topic}\` | ${services(type).join(', ')} |`;
  });
  return ['| fact | announced by | topic | read by |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function factSection(type: FactType): string {
  const { source, topic, version } = facts[type];
  const key = 'orderId' in factExamples[type] ? "the order's id" : 'the sku';
  const readers = readersOf(type).map((group) => `\`${group}\``);
  return `### ${type}\n\nVersion ${version}. From ${source}, to \`${topic}\`; key: ${key}. Groups: ${readers.join(', ')}.\n\n${json(factExamples[type])}`;
}

function taskTable(): string {
  const rows = taskTypes.map((type) => {
    const { queue, routingKey } = tasks[type];
    return `| [${type}](#${type.toLowerCase()}) | ${serviceOf(queue)} | \`${routingKey}\` | the workers of \`${queue}\` |`;
  });
  return ['| task | asked for by | routing key | done by |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function taskSection(type: TaskType): string {
  const { queue, version } = tasks[type];
  return `### ${type}\n\nVersion ${version}. From ${serviceOf(queue)} to itself, through \`${queue}\`.\n\n${json(taskExamples[type])}`;
}

function headers(): Record<string, string> {
  const { orderId } = factExamples.PaymentAuthorized;
  const message = {
    kind: 'fact',
    id: '0199d3a4-6fa2-7d18-b3c9-5e0f7a6d4c81',
    time: '2026-11-21T12:00:00.060Z',
    subject: orderId,
    type: 'PaymentAuthorized',
    data: factExamples.PaymentAuthorized,
  } as const;
  const correlationId = '0199d3a4-6f0e-7f3b-8a92-6c1d4e5f7b30';
  return headersOf(message, 'payment', { correlationId, causationId: '0199d3a4-6f11-7e20-9b47-3a8c5d2f1e64' }, 1);
}

function readersOf(type: FactType): ConsumerGroup[] {
  return consumerGroups.filter((group) => handledTypes[group].includes(type));
}

function services(type: FactType): string[] {
  return [...new Set(readersOf(type).map(serviceOf))];
}

function serviceOf(name: string): string {
  return name.split('.')[0]!;
}

function json(data: object): string {
  return `\`\`\`json\n${JSON.stringify(data)}\n\`\`\``;
}
