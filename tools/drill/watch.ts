import { subscribe } from 'node:diagnostics_channel';
import { pathToFileURL } from 'node:url';

/** Called before the process goes on. `trail` is what led here, see windows.ts. */
export type Reach = (moment: string, trail: readonly string[]) => void;

type Method = (this: object, ...given: unknown[]) => unknown;
type Class = { prototype: Record<string, Method> };

const main = pathToFileURL(process.argv[1]!).href;
/** The very module that the service will get. */
const addressOf = (name: string) => import.meta.resolve(name, main);
/** A file of a package, whether or not the package exports it. */
const partOf = async (name: string, file: string) =>
  ((await import(new URL(file, addressOf(name)).href)) as { default: unknown }).default;

/** What happened since the last acknowledgement. Tasks are worked on side by side: it may be another task's. */
let sinceAck: string[] = [];

/**
 * Shows what a service says to PostgreSQL. A statement is named by its first three words and, where it is a text, its first
 * parameter: `INSERT INTO processed_events payment`. The relays' connections have their name in front.
 */
export async function watchSql(reach: Reach): Promise<void> {
  const { default: pg } = (await import(addressOf('pg'))) as { default: { Client: Class } };
  const transactions = new WeakMap<object, string[]>();
  around(pg.Client, 'query', function (query, ...given) {
    const statement = nameOf(this, given);
    if (statement === 'BEGIN' || statement === 'START TRANSACTION') transactions.set(this, []);
    const trail = transactions.get(this) ?? [];
    reach(`before ${statement}`, trail);
    const answer = query();
    trail.push(statement);
    if (statement !== 'COMMIT') return answer;
    return (answer as Promise<{ command: string }>).then((result) => {
      sinceAck = [...sinceAck, ...trail].slice(-500);
      if (result.command === 'COMMIT') reach('after COMMIT', trail);
      return result;
    });
  });
}

function nameOf(client: object, [sql, parameters]: unknown[]): string {
  const { application_name: session = '' } = (client as { connectionParameters: { application_name?: string } })
    .connectionParameters;
  // TypeORM writes names in quotes, and no space before the columns.
  const words =
    typeof sql === 'string'
      ? sql
          .replaceAll('"', '')
          .trim()
          .split(/[\s(]+/)
          .slice(0, 3)
      : [];
  const first = Array.isArray(parameters) && typeof parameters[0] === 'string' ? [parameters[0]] : [];
  return [...(session.startsWith('relay:') ? [session] : []), ...words, ...first].join(' ');
}

export async function watchKafka(reach: Reach): Promise<void> {
  around((await partOf('kafkajs', 'src/network/connection.js')) as Class, 'send', async (send, message) => {
    const { apiName } = (message as { request: { apiName: string } }).request;
    reach(`before kafka ${apiName}`, []);
    const answer = await send();
    reach(`after kafka ${apiName}`, []);
    return answer;
  });
}

export async function watchRabbitmq(reach: Reach): Promise<void> {
  const classes = (await partOf('amqplib', 'lib/channel_model.js')) as { Channel: Class; ConfirmChannel: Class };
  around(classes.Channel, 'ack', (ack) => {
    const trail = sinceAck;
    sinceAck = [];
    reach('before rabbitmq ack', trail);
    return ack();
  });
  around(classes.ConfirmChannel, 'publish', (publish, exchange, routingKey, content, options, confirm) => {
    const what = `rabbitmq publish ${String(routingKey)}`;
    reach(`before ${what}`, []);
    return publish(exchange, routingKey, content, options, (error: unknown) => {
      sinceAck.push(what);
      reach(`after ${what}`, []);
      (confirm as (error: unknown) => void)(error);
    });
  });
}

/** The payment service has one HTTP client, the gateway's. */
export function watchGateway(reach: Reach): void {
  subscribe('http.client.response.finish', (message) => {
    const { method, path } = (message as { request: { method: string; path: string } }).request;
    reach(`after ${method} ${path.replace(/\/pi_[^/]+/, '/:id')}`, []);
  });
}

export async function watchMail(reach: Reach): Promise<void> {
  type Nodemailer = { createTransport: (options: object) => { constructor: unknown } };
  const { createTransport } = (await import(addressOf('nodemailer'))) as Nodemailer;
  around(createTransport({}).constructor as Class, 'sendMail', async (sendMail) => {
    const answer = await sendMail();
    reach('after mail', []);
    return answer;
  });
}

/** Replaces a method; `go` does what it did, with the arguments that it was given unless it gets others. */
function around(
  { prototype }: Class,
  name: string,
  instead: (this: object, go: (...other: unknown[]) => unknown, ...given: unknown[]) => unknown,
): void {
  const method = prototype[name]!;
  prototype[name] = function (...given) {
    return instead.call(this, (...other) => method.apply(this, other.length > 0 ? other : given), ...given);
  };
}
