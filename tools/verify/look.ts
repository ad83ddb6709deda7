import { topicEnds } from '@cartwheel/kafka';
import { allDone, answering, type Connections } from './connections.ts';
import { givenUpByBroker, openTasks, ordersWithDeadLetter } from './dead-letters.ts';
import type { ParkedRow, Task } from './evidence.ts';
import { inSnapshot, type Read, readParked, readTasks } from './read/database.ts';
import { readLive } from './read/generations.ts';
import { readQueues } from './read/queues.ts';
import type { Look, Waiting } from './rest.ts';
import type { ServiceName } from './target.ts';

/** What is under way right now. */
export async function look(shop: Connections): Promise<Look> {
  const [{ live, ...databases }, queues] = await allDone([lookIntoDatabases(shop), readQueues(shop)]);
  const log = await lookIntoTopics(shop, live);
  const known = { ...databases, queues };
  const [checkout, mail] = [ordersWithDeadLetter(known, 'checkout'), ordersWithDeadLetter(known, 'mail')];
  const open = (orders: readonly string[], excused: ReadonlySet<string>) =>
    orders.filter((orderId) => !excused.has(orderId)).length;
  const messages = [
    { what: 'messages in outboxes', count: databases.outbox, stage: 2 },
    ...log.lags.map(({ group, lag }) => ({ what: `facts unread by ${group}`, count: lag, stage: 2 })),
    { what: 'facts parked', count: parkedAlone(databases.parked), stage: 2 },
    ...queues.filter(({ isDead }) => !isDead).map(({ name, ready }) => ({ what: `tasks in ${name}`, count: ready })),
  ];
  const counted: Waiting[] = [
    { what: 'orders not ended', count: open(databases.orders.all, checkout), stage: 0 },
    { what: 'payments under way', count: open(databases.payments, checkout), stage: 1 },
    { what: 'mails not sent', count: open(databases.mails, mail), stage: 3 },
    ...messages,
    { what: 'tasks without an outcome', count: openTasks(known).length - givenUpByBroker(known).length, stage: 3 },
  ];
  return {
    at: Date.now(),
    waiting: counted.filter(({ count }) => count > 0),
    carried: messages.some(({ count }) => count > 0) || open(databases.orders.placed, checkout) > 0,
    length: log.length,
  };
}

/** Parked facts that are tried again. What stands behind a dead letter waits for a person, as that one does. */
function parkedAlone(parked: readonly ParkedRow[]): number {
  const keyOf = ({ consumer, topic, subject }: ParkedRow) => `${consumer} ${topic} ${subject}`;
  const held = new Set(parked.filter(({ state }) => state === 'dead').map(keyOf));
  return parked.filter((row) => row.state === 'parked' && !held.has(keyOf(row))).length;
}

async function lookIntoDatabases({ databases }: Connections) {
  const parked: ParkedRow[] = [];
  const tasks: Task[] = [];
  let outbox = 0;
  let live = new Map<string, number>();
  const subjectsIn = async (service: ServiceName, sql: string | undefined, own?: (read: Read) => Promise<unknown>) =>
    inSnapshot(service, databases[service], async (read) => {
      parked.push(...(await readParked(read)).parked);
      const [waiting] = await read<{ rows: number }>('SELECT count(*)::int AS rows FROM outbox');
      // Not in one expression with the read: five of these run side by side, and each would forget what the others added.
      outbox += waiting!.rows;
      await own?.(read);
      return sql === undefined ? [] : (await read<{ order_id: string }>(sql)).map(({ order_id }) => order_id);
    });
  const unfinished = (queue: Task['queue']) => async (read: Read) =>
    tasks.push(...(await readTasks(read, queue, 'open')));
  let placed: string[] = [];
  const readPlaced = async (read: Read) => {
    const rows = await read<{ order_id: string }>(`SELECT order_id FROM orders WHERE status = 'placed'`);
    placed = rows.map(({ order_id }) => order_id);
  };
  const [all, payments, mails] = await allDone([
    subjectsIn('order', `SELECT order_id FROM orders WHERE status IN ('placed', 'confirmed', 'refunding')`, readPlaced),
    subjectsIn('payment', `SELECT order_id FROM payments WHERE state LIKE '%ing'`, unfinished('payment.card')),
    subjectsIn('email', `SELECT order_id FROM emails WHERE state <> 'sent'`, unfinished('email.message')),
    subjectsIn('inventory', undefined),
    subjectsIn('analytics', undefined, async (read) => (live = await readLive(read))),
  ]);
  return {
    live,
    orders: { all, placed },
    payments,
    mails,
    outbox,
    parked,
    tasks,
    processed: new Map<string, Map<string, number>>(),
  };
}

async function lookIntoTopics({ admin, topology, target }: Connections, live: ReadonlyMap<string, number>) {
  const asking = async () => {
    const names = [...new Set(topology.consumers.flatMap((consumer) => topology.topicsOf(consumer)))];
    const ends = await topicEnds(admin, names);
    const lags = await allDone(
      topology.consumers.map(async (group) => {
        const committed = await admin.fetchOffsets({
          groupId: topology.groupId(group, live.get(group)),
          topics: [...topology.topicsOf(group)],
        });
        const lag = committed.flatMap(({ topic, partitions }) =>
          partitions.map(({ partition, offset }) => {
            const end = ends.get(topic)?.find((candidate) => candidate.partition === partition);
            // A group that has committed nothing yet begins at the beginning.
            return Number(end?.high ?? 0) - (offset === '-1' ? Number(end?.low ?? 0) : Number(offset));
          }),
        );
        return { group, lag: lag.reduce((sum, one) => sum + one, 0) };
      }),
    );
    const length = [...ends.values()].flat().reduce((sum, { high }) => sum + Number(high), 0);
    return { lags, length };
  };
  return answering('Kafka', target.kafkaBrokers.join(', '), asking());
}
