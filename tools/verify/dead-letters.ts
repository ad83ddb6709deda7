import type { Evidence, Task } from './evidence.ts';

type Known = Pick<Evidence, 'tasks' | 'processed' | 'parked' | 'queues'>;

/** Tasks whose outcome is not recorded: in a queue, in hand, or given up by the broker. */
export function openTasks({ tasks, processed, parked }: Pick<Known, 'tasks' | 'processed' | 'parked'>): Task[] {
  const dead = new Set(parked.filter(({ state }) => state === 'dead').map(({ id }) => id));
  return tasks.filter(({ id, queue }) => !processed.get(queue)?.has(id) && !dead.has(id));
}

/** Queues for the tasks that the broker itself gave up (a crash loop); no row of ours names those. */
export function givenUpByBroker({ queues }: Pick<Known, 'queues'>): number {
  return queues.filter(({ isDead }) => isDead).reduce((sum, { ready }) => sum + ready, 0);
}

/** The orders that wait for a person: a dead letter of theirs is open. */
export function ordersWithDeadLetter(known: Known): Set<string> {
  const ours = known.parked.filter(({ state }) => state === 'dead').map(({ subject }) => subject);
  const brokers = givenUpByBroker(known) > 0 ? openTasks(known).map(({ subject }) => subject) : [];
  return new Set([...ours, ...brokers]);
}
