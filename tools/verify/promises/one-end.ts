import { openDeadLetters, openTasks } from '../dead-letters.ts';
import { appliedAndSetAside } from '../ends.ts';
import { type Evidence, type ParkedRow, recordPlace } from '../evidence.ts';
import { consumerGroups, handledTypes } from '../handled-types.ts';
import { firstOccurrences } from '../log.ts';
import { judge, type Verdict } from '../verdict.ts';

type End = 'applied' | 'parked' | 'dead' | 'discarded';

/**
 * 4. Each message ends in exactly one of: applied, parked, dead. A dead message is in `processed_events` too, so that its
 * redelivery is not applied after all: where there is a row in `parked_messages`, that row decides. So is one that an
 * operator discarded: a dead message that nobody waits for any more.
 */
export function oneEnd(evidence: Evidence): Verdict {
  const rows = Map.groupBy(evidence.parked, ({ consumer, id }) => `${consumer} ${id}`);
  const crashLoops = evidence.queues.filter(({ isDead, ready }) => isDead && ready > 0);
  const givenUp = crashLoops.reduce((sum, { ready }) => sum + ready, 0);
  const counts: Record<End, number> = { applied: 0, parked: 0, dead: givenUp, discarded: 0 };
  const [wrong, late]: [string[], string[]] = [[], []];
  const note = (consumer: string, id: string, what: string) => {
    const own = rows.get(`${consumer} ${id}`) ?? [];
    rows.delete(`${consumer} ${id}`);
    const end = own[0]?.state ?? (evidence.processed.get(consumer)?.has(id) ? 'applied' : undefined);
    if (own.length > 1) wrong.push(`${what} at ${consumer}: ${own.map(({ state }) => state).join(' and ')}`);
    else if (end === undefined) late.push(`${what} at ${consumer}: neither applied nor parked nor dead`);
    else counts[end] += 1;
  };
  const open = new Set(openTasks(evidence).map(({ id }) => id));
  const busy = new Set(evidence.queues.filter(({ ready }) => ready > 0).map(({ queue }) => queue));
  const facts = [...firstOccurrences(evidence).values()];
  for (const group of consumerGroups) {
    for (const { id, type } of facts) if (handledTypes[group].includes(type)) note(group, id, `${type} ${id}`);
  }
  for (const { id, type, queue } of evidence.tasks) {
    // A task without an outcome may be one of those in its queue: AMQP does not show which they are.
    if (!open.has(id) || !busy.has(queue)) note(queue, id, `${type} ${id}`);
  }
  // What is left: unreadable records, and what the relay could not send.
  for (const [, own] of rows) {
    for (const { state } of own) counts[state] += 1;
    if (own.length > 1) wrong.push(`${own[0]!.id} at ${own[0]!.consumer}: set aside ${own.length} times`);
  }
  const dead = openDeadLetters(evidence);
  wrong.push(...dead.flatMap((row) => notClaimed(evidence, row)));
  late.push(...dead.flatMap((row) => notCopied(evidence, row)));
  wrong.push(
    ...appliedAndSetAside(evidence).map(
      ({ row, effect }) => `${row.id} is ${row.state} at ${row.consumer}, and led to ${effect.type} ${effect.id}`,
    ),
  );
  const remarks = [
    ...crashLoops.map(({ name, ready }) => `${name}: ${ready} tasks that the broker gave up`),
    ...dead.map(({ id, consumer, subject }) => `dead at ${consumer}: ${id}, about ${subject}`),
  ];
  const detail = `${counts.applied} applied, ${counts.parked} parked, ${counts.dead} dead, ${counts.discarded} discarded`;
  return judge(4, 'each message applied, parked or dead', detail, { wrong, late, remarks }, evidence.unrest);
}

/** What stands for records that the consumer never got (libs/inbox/src/lost-records.ts): there is nothing to copy. */
const NEVER_GOT: readonly unknown[] = ['UndecodableBatch', 'GoneBeforeRead'];

/** A dead Kafka record has a copy in its dead letter topic. What the relay could not send has none: it was in no topic. */
function notCopied({ deadLetterCopies }: Evidence, row: ParkedRow): string[] {
  const { consumer, id, source, topic, partition, offset, errorClass } = row;
  const isCopied = deadLetterCopies.has(recordPlace(consumer, topic, partition, offset));
  return source !== 'kafka' || consumer === 'relay' || NEVER_GOT.includes(errorClass) || isCopied
    ? []
    : [`${id} is dead at ${consumer} and not in ${topic}.${consumer}.dlq`];
}

/** A dead message is claimed, in the same transaction: else it would be applied when it comes again. */
function notClaimed({ processed }: Evidence, { consumer, id }: ParkedRow): string[] {
  const isClaimed = consumer === 'relay' || processed.get(consumer)?.has(id);
  return isClaimed ? [] : [`${id} is dead at ${consumer} and would be applied if it came again`];
}
