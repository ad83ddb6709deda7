import { allDone, type Connections } from './connections.ts';
import type { Evidence } from './evidence.ts';
import { assertFits } from './fits.ts';
import { holdsAddress } from './read/address.ts';
import { inSnapshot, readPlatform, type Read, readTasks } from './read/database.ts';
import { byGroup } from './read/generations.ts';
import { readQueues } from './read/queues.ts';
import { readAnalytics, readEmails, readInventory, readOrders, readPayments } from './read/services.ts';
import { countFacts, readLog } from './read/topics.ts';
import { readLedger, readMailbox } from './read/web.ts';
import type { ServiceName } from './target.ts';

/** Reads everything once. Each database is read at one instant of its own: between them only a shop at rest is consistent. */
export async function gather(shop: Connections, unrest: readonly string[]): Promise<Evidence> {
  const from = <T>(service: ServiceName, own: (read: Read) => Promise<T>) =>
    inSnapshot(service, shop.databases[service], async (read) => ({
      service,
      own: await own(read),
      platform: await readPlatform(read),
    }));
  assertFits(await countFacts(shop));
  // First, alone: what was announced before a database is read had been applied by then, and was not set aside afterwards
  // unless it was taken a second time.
  const log = await readLog(shop);
  const [queues, ledger, mailbox, order, payment, inventory, email, analytics] = await allDone([
    readQueues(shop),
    readLedger(shop.target.gatewayUrl),
    readMailbox(shop.target.mailboxUrl, shop.target.namespace),
    from('order', readOrders),
    from('payment', async (read) => ({
      payments: await readPayments(read),
      tasks: await readTasks(read, 'payment.card'),
    })),
    from('inventory', readInventory),
    from('email', async (read) => ({ emails: await readEmails(read), tasks: await readTasks(read, 'email.message') })),
    from('analytics', readAnalytics),
  ]);
  const { live, ...models } = analytics.own;
  const { processed, parked } = analytics.platform;
  const ofLive = { ...analytics.platform, processed: byGroup(processed, live), parked: byGroup(parked, live) };
  const platforms = [order, payment, inventory, email, { ...analytics, platform: ofLive }];
  const errorTexts = platforms.flatMap(({ platform }) => platform.errorTexts);
  const leaking = platforms.flatMap(({ service, platform }) =>
    platform.errorTexts.filter((text) => holdsAddress(text)).map(() => `an error text in ${service}'s parked_messages`),
  );
  return {
    unrest,
    ...order.own,
    payments: payment.own.payments,
    ...inventory.own,
    emails: email.own.emails,
    mailbox,
    ledger,
    records: log.records,
    unreadable: log.unreadable,
    personal: [...log.personal, ...leaking],
    looked: log.headers + errorTexts.length,
    deadLetterCopies: log.deadLetterCopies,
    sequences: platforms.flatMap(({ platform }) => platform.sequences),
    outboxes: platforms.flatMap(({ service, platform }) =>
      platform.outbox.map(({ channel, rows }) => ({ name: `${service} to ${channel}`, rows })),
    ),
    processed: processedOf(platforms.flatMap(({ platform }) => platform.processed)),
    parked: platforms.flatMap(({ platform }) => platform.parked),
    tasks: [...payment.own.tasks, ...email.own.tasks],
    queues,
    ...models,
  };
}

function processedOf(rows: readonly { consumer: string; id: string; at: number }[]): Evidence['processed'] {
  const processed = new Map<string, Map<string, number>>();
  for (const { consumer, id, at } of rows) {
    const own = processed.get(consumer) ?? new Map<string, number>();
    processed.set(consumer, own.set(id, at));
  }
  return processed;
}
