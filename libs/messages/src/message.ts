import type { z } from 'zod';

/** What is agreed about every message of a type: its version, and the shape of its data. */
export type Contract = { readonly version: number; readonly schema: z.ZodType };

/** A fact's contract, with who announces it and the topic it goes to. */
export type FactContract<Topic extends string = string> = Contract & {
  readonly topic: Topic;
  readonly source: string;
};

/** A task's contract, with its queue and the routing key that finds it: the queue's name, a dot and one more word. */
export type TaskContract<Queue extends string = string> = Contract & {
  readonly queue: Queue;
  readonly routingKey: string;
};

/**
 * A fact or a task that somebody is about to send. Its id is the dedup key of everybody who will receive it. `subject` is
 * what it is about, an order's id for example: the Kafka key, within which order is kept.
 */
export type Message = {
  readonly id: string;
  /** ISO 8601. */
  readonly time: string;
  readonly subject: string;
  readonly kind: 'fact' | 'task';
  readonly type: string;
  readonly data: unknown;
};
