import type { Delivery } from '@cartwheel/contracts';
import type { FactContext, Handlers, TaskContext } from '@cartwheel/inbox';
import { attributes, count, metrics, timed } from '@cartwheel/observability';
import type { Publish, RelayRow } from '@cartwheel/outbox';

/** Where messages come from or go to, as OpenTelemetry's conventions for messaging name it. */
type Place = { readonly system: 'kafka' | 'rabbitmq'; readonly consumer: string };

/** The same handlers, and how long each attempt takes and whether it fails. */
export function observedHandlers<Context extends FactContext | TaskContext>(
  handlers: Handlers<Context>,
  { system, consumer }: Place,
): Handlers<Context> {
  return {
    has: (type) => handlers.has(type),
    handle(type, data, context) {
      const of = { [attributes.system]: system, [attributes.group]: consumer, [attributes.type]: type };
      return timed(metrics.processDuration, of, () => handlers.handle(type, data, context));
    },
  };
}

/** Applies a chunk and says how long its transaction took. */
export function observedChunk(consumer: string, chunk: readonly Delivery[], apply: () => Promise<void>): Promise<void> {
  const of = { [attributes.group]: consumer, [attributes.destination]: chunk[0]!.topic };
  return timed(metrics.chunkDuration, of, apply);
}

/** What became of a message, from the events that inbox, retrier and strategies report. */
export function countOutcome(consumer: string, outcome: string): void {
  count(metrics.messageOutcomes, { [attributes.group]: consumer, [attributes.outcome]: outcome });
}

/** A fact or a task that its broker has confirmed. Twice, when the relay could not delete it afterwards. */
export type OnPublished = (row: RelayRow) => void;

/** The same, and how long each batch takes, what was confirmed, and who wants to know of it. */
export function observedPublish(
  channel: 'kafka' | 'rabbitmq',
  publish: Publish,
  onPublished: OnPublished = () => undefined,
): Publish {
  return async (rows) => {
    const of = { [attributes.system]: channel, [attributes.operation]: 'send' };
    const published = await timed(metrics.sendDuration, of, () => publish(rows));
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
