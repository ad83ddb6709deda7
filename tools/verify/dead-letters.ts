import type { Evidence, ParkedRow, Task } from './evidence.ts';

type Known = Pick<Evidence, 'tasks' | 'processed' | 'parked' | 'queues'>;

/** Tasks whose outcome is not recorded: in a queue, in hand, or given up by the broker. */
export function openTasks({ tasks, processed, parked }: Pick<Known, 'tasks' | 'processed' | 'parked'>): Task[] {
  const dead = new Set(parked.filter(({ state }) => state === 'dead').map(({ id }) => id));
  return tasks.filter(({ id, queue }) => !processed.get(queue)?.has(id) && !dead.has(id));
}

/** Open tasks of the queues in whose `.dead` queue something lies: a crash loop ended there, and no row of ours says so. */
export function givenUpByBroker(known: Known): Task[] {
  const dead = new Set(known.queues.filter(({ isDead, ready }) => isDead && ready > 0).map(({ queue }) => queue));
  return openTasks(known).filter(({ queue }) => dead.has(queue));
}

/** Who takes part in what. A dead letter of analytics excuses neither money nor mail. */
const TAKING_PART = {
  checkout: ['order', 'payment', 'inventory', 'payment.card', 'relay'],
  mail: ['email', 'email.message', 'relay'],
};

/** The orders that wait for a person: a dead letter is open at somebody who takes part. */
export function ordersWithDeadLetter(known: Known, part: keyof typeof TAKING_PART): Set<string> {
  const ours = openDeadLetters(known).filter(({ consumer }) => TAKING_PART[part].includes(consumer));
  const brokers = givenUpByBroker(known).filter(({ queue }) => TAKING_PART[part].includes(queue));
  return new Set([...ours, ...brokers].map(({ subject }) => subject));
}

export function openDeadLetters({ parked }: Pick<Known, 'parked'>): ParkedRow[] {
  return parked.filter(({ state }) => state === 'dead');
}
