import { type Delivery, knownTypeOf, originOf } from '@cartwheel/contracts';
import type { FactHandlers, Handlers, TaskOutcome } from '@cartwheel/inbox';
import {
  attributes,
  beginSpan,
  classOf,
  contextOf,
  count,
  inContextOf,
  inSpan,
  isTracing,
  linkTo,
  metrics,
  noteError,
  timed,
  traceparentIn,
} from '@cartwheel/observability';
import type { Publish, Published, RelayRow } from '@cartwheel/outbox';
import { isId } from '@cartwheel/primitives';
import { context, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';

/**
 * Spans and metrics of messages, by OpenTelemetry's conventions for messaging: `send` by the relay (PRODUCER), `process` by
 * a consumer or worker (CONSUMER). https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
 *
 * One checkout is one trace, whatever waits in between: a row of the outbox keeps the `traceparent` of the span that wrote
 * it, its `send` is a child of that, its `process` a child of the `send`. Several messages that are sent or processed
 * together have a span of their own for that, which is part of no checkout and linked with each of them.
 */
type Channel = 'kafka' | 'rabbitmq';

/** The same handlers. Each attempt is a span, in which whatever it emits and logs comes about. */
export function observedFactHandlers(handlers: FactHandlers, consumer: string): FactHandlers {
  return {
    has: (type) => handlers.has(type),
    async handle(type, data, fact) {
      const { topic, partition, offset } = fact.delivery;
      const { id, correlationId } = fact.fact;
      const of = { [attributes.system]: 'kafka', [attributes.group]: consumer, [attributes.type]: type };
      const options = {
        kind: SpanKind.CONSUMER,
        parent: contextOf(fact.fact),
        links: linkTo(context.active()),
        attributes: {
          ...of,
          ...processing(topic),
          [attributes.messageId]: id,
          [attributes.conversation]: correlationId,
          [attributes.partition]: String(partition),
          [attributes.offset]: Number(offset),
        },
      };
      await inSpan(`process ${topic}`, options, () =>
        timed(metrics.processDuration, of, () => handlers.handle(type, data, fact)),
      );
    },
  };
}

/** Applies a chunk, and says how long its transaction took. More than one fact: a span, linked with each. */
export function observedChunk(consumer: string, chunk: readonly Delivery[], apply: () => Promise<void>): Promise<void> {
  const { topic } = chunk[0]!;
  const of = { [attributes.group]: consumer, [attributes.destination]: topic };
  const applied = () => timed(metrics.chunkDuration, of, apply);
  if (!isTracing() || chunk.length === 1) return applied();
  const options = {
    kind: SpanKind.CONSUMER,
    parent: ROOT_CONTEXT,
    links: chunk.flatMap((delivery) => linkTo(contextOf(originOf(delivery)))),
    attributes: { ...of, [attributes.system]: 'kafka', ...processing(topic), [attributes.batch]: chunk.length },
  };
  return inSpan(`process ${topic}`, options, applied);
}

/** The same workers, and how long each attempt takes and whether it fails. Its span is `observedTask`'s. */
export function observedTaskHandlers<Context>(handlers: Handlers<Context>, consumer: string): Handlers<Context> {
  return {
    has: (type) => handlers.has(type),
    handle(type, data, task) {
      const of = { [attributes.system]: 'rabbitmq', [attributes.group]: consumer, [attributes.type]: type };
      return timed(metrics.processDuration, of, () => handlers.handle(type, data, task));
    },
  };
}

/** Deals with a task within a span: until its outcome is recorded, or it is known to come again. */
export function observedTask(delivery: Delivery, apply: () => Promise<TaskOutcome>): Promise<TaskOutcome> {
  const { topic, headers } = delivery;
  const origin = originOf(delivery);
  const id = String(headers['ce_id']);
  const options = {
    kind: SpanKind.CONSUMER,
    parent: contextOf(origin),
    attributes: {
      [attributes.system]: 'rabbitmq',
      ...processing(topic),
      [attributes.type]: knownTypeOf(delivery),
      [attributes.messageId]: isId(id) ? id : undefined,
      [attributes.conversation]: origin.correlationId,
      [attributes.attempt]: Number(headers['cartwheel_attempt'] ?? 1),
    },
  };
  return inSpan(`process ${topic}`, options, async () => {
    const outcome = await apply();
    trace.getActiveSpan()?.setAttribute(attributes.outcome, outcome.kind);
    return outcome;
  });
}

/** What became of a message, from the events that inbox, retrier and strategies report; said where it belongs. */
export function noteOutcome(
  consumer: string,
  outcome: string,
  { errorClass }: Readonly<Record<string, unknown>>,
): void {
  count(metrics.messageOutcomes, { [attributes.group]: consumer, [attributes.outcome]: outcome });
  if (typeof errorClass === 'string') noteError(trace.getActiveSpan(), errorClass);
}

/** Runs `log` where its lines say which trace and checkout this message belongs to. */
export function asOf(delivery: Delivery | undefined, log: () => void): void {
  if (delivery) inContextOf(originOf(delivery), log);
  else log();
}

/** A fact or a task that its broker has confirmed. Twice, when the relay could not delete it afterwards. */
export type OnPublished = (row: RelayRow) => void;

/** The same, with a span for each message and one for all, and metrics of what was confirmed. */
export function observedPublish(
  channel: Channel,
  publish: Publish,
  onPublished: OnPublished = () => undefined,
): Publish {
  return async (rows) => {
    const of = { [attributes.system]: channel, [attributes.operation]: 'send' };
    const send = (sent: readonly RelayRow[]) => timed(metrics.sendDuration, of, () => publish(sent));
    const published = isTracing() ? await traced(channel, rows, send) : await send(rows);
    const confirmed = new Set(published.confirmed);
    for (const row of rows) {
      if (!confirmed.has(row.seq)) continue;
      const { destination, type } = row;
      count(metrics.sentMessages, { ...of, [attributes.destination]: destination, [attributes.type]: type });
      onPublished(row);
    }
    return published;
  };
}

/** What belongs to no trace gets no span. */
async function traced(channel: Channel, rows: readonly RelayRow[], send: Publish): Promise<Published> {
  const origins = rows.map(({ headers }) => contextOf({ traceparent: headers['traceparent'] }));
  const links = origins.flatMap(linkTo);
  if (rows.length === 1) return sendEach(channel, rows, send);
  const all = { [attributes.system]: channel, ...sending, [attributes.batch]: rows.length };
  const options = { kind: SpanKind.CLIENT, parent: ROOT_CONTEXT, links, attributes: all };
  return inSpan('send', options, () => sendEach(channel, rows, send));
}

async function sendEach(channel: Channel, rows: readonly RelayRow[], send: Publish): Promise<Published> {
  const begun = rows.map((row) => beginSend(channel, row));
  try {
    const published = await send(begun.map(({ row }) => row));
    const confirmed = new Set(published.confirmed);
    for (const { row, span } of begun) if (!confirmed.has(row.seq)) noteError(span, 'NotConfirmed');
    return published;
  } catch (error) {
    for (const { span } of begun) noteError(span, classOf(error));
    throw error;
  } finally {
    for (const { span } of begun) span?.end();
  }
}

/** The row as it goes out: whoever processes it continues the trace from its `send`. */
function beginSend(channel: Channel, row: RelayRow) {
  const parent = contextOf({ traceparent: row.headers['traceparent'] });
  const written = linkTo(parent);
  if (written.length === 0) return { row };
  const { destination, key, type, id, headers } = row;
  const to = channel === 'kafka' ? destination : `${destination}:${String(key)}`;
  const { span, context: own } = beginSpan(`send ${to}`, {
    kind: SpanKind.PRODUCER,
    parent,
    // To the span that wrote the row, and to the one that sends it with others.
    links: [...written, ...linkTo(context.active())],
    attributes: {
      [attributes.system]: channel,
      ...sending,
      [attributes.destination]: to,
      [attributes.type]: type,
      [attributes.messageId]: id,
      [attributes.conversation]: String(headers['ce_correlationid']),
      ...(channel === 'rabbitmq' ? { [attributes.routingKey]: String(key) } : {}),
    },
  });
  return { span, row: { ...row, headers: { ...headers, traceparent: traceparentIn(own)! } } };
}

const sending = { [attributes.operation]: 'send', [attributes.operationType]: 'send' };

function processing(destination: string) {
  return {
    [attributes.operation]: 'process',
    [attributes.operationType]: 'process',
    [attributes.destination]: destination,
  };
}
