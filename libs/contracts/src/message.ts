import { newId } from '@cartwheel/primitives';
import type { FactData, FactType } from './facts.ts';
import type { TaskData, TaskType } from './tasks.ts';

/** A fact or a task that somebody is about to send. Its id is the dedup key of everybody who will receive it. */
export type Message = { readonly id: string; readonly time: string; readonly subject: string } & (
  | { readonly kind: 'fact'; readonly type: FactType; readonly data: FactData<FactType> }
  | { readonly kind: 'task'; readonly type: TaskType; readonly data: TaskData<TaskType> }
);

/** `subject` is the order id (or the sku): the Kafka key, within which order is kept. */
export function fact<T extends FactType>(type: T, subject: string, data: FactData<T>): Message {
  return { kind: 'fact', id: newId(), time: new Date().toISOString(), type, subject, data };
}

export function task<T extends TaskType>(type: T, subject: string, data: TaskData<T>): Message {
  return { kind: 'task', id: newId(), time: new Date().toISOString(), type, subject, data };
}
