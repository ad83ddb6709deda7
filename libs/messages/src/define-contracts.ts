import { newId } from '@cartwheel/primitives';
import type { z } from 'zod';
import type { Delivery } from './delivery.ts';
import { type Cause, type Envelope, headersOf, readEnvelope, typeOf } from './envelope.ts';
import type { Contract, FactContract, Message, TaskContract } from './message.ts';
import { mask, type Personal } from './personal.ts';
import { type Places, topologyOf } from './topology.ts';

/** What an app's services have agreed on. */
export type Definitions<
  Topic extends string,
  Group extends string,
  Queue extends string,
  Facts extends Readonly<Record<string, FactContract<NoInfer<Topic>>>>,
  Tasks extends Readonly<Record<string, TaskContract<NoInfer<Queue>>>>,
> = Places<Topic, Group, Queue> & {
  /** By type, in the past tense. No task has the same type. */
  readonly facts: Facts;
  /** By type, in the imperative. */
  readonly tasks: Tasks;
  readonly personal: Personal;
};

/** The contracts as libraries are given them. They work for any app's: which types there are is known when they run. */
export type Contracts = {
  readonly facts: Readonly<Record<string, FactContract>>;
  readonly tasks: Readonly<Record<string, TaskContract>>;
  /** The headers of a message that is about to be sent. `sequence`: facts only, the n-th of its topic and subject. */
  readonly headersOf: (message: Message, source: string, cause: Cause, sequence?: number) => Record<string, string>;
  /** The type a delivery claims to be of, if a contract knows it: a stranger's may be anything, and is not to be shown. */
  readonly knownTypeOf: (delivery: Delivery) => string | undefined;
  /** Reads a delivery against its contract. @throws UnreadableMessage, whose text quotes nothing of the message */
  readonly readEnvelope: (delivery: Delivery) => Envelope;
  /** A copy of a message's data with the personal fields masked, for everything that shows messages to a person. */
  readonly maskPersonal: (data: unknown) => unknown;
};

/** A message whose type and data belong together. */
export type MessageOf<Facts extends Record<string, Contract>, Tasks extends Record<string, Contract>> = Pick<
  Message,
  'id' | 'time' | 'subject'
> &
  (
    | { readonly kind: 'fact'; readonly type: keyof Facts & string; readonly data: DataOf<Facts, keyof Facts> }
    | { readonly kind: 'task'; readonly type: keyof Tasks & string; readonly data: DataOf<Tasks, keyof Tasks> }
  );

type DataOf<All extends Record<string, Contract>, Type extends keyof All> = z.infer<All[Type]['schema']>;

/**
 * Makes everything that depends on an app's definitions, typed by them. An app calls it once.
 * @throws Error when a type is defined as a fact and as a task
 */
export function defineContracts<
  const Topic extends string,
  Group extends string,
  const Queue extends string,
  Facts extends Readonly<Record<string, FactContract<NoInfer<Topic>>>>,
  Tasks extends Readonly<Record<string, TaskContract<NoInfer<Queue>>>>,
>(definitions: Definitions<Topic, Group, Queue, Facts, Tasks>) {
  const { facts, tasks, personal } = definitions;
  const contracts = new Map<string, Contract>([...Object.entries(facts), ...Object.entries(tasks)]);
  const both = Object.keys(facts).filter((type) => Object.hasOwn(tasks, type));
  if (both.length > 0) throw new Error(`a fact and a task have the same type: ${both.join(', ')}`);
  const begin = (subject: string) => ({ id: newId(), time: new Date().toISOString(), subject });

  return {
    facts,
    tasks,
    /** A fact to send. `subject` is what it is about: the Kafka key, within which order is kept. */
    fact: <T extends keyof Facts & string>(
      type: T,
      subject: string,
      data: DataOf<Facts, T>,
    ): MessageOf<Facts, Tasks> => ({ kind: 'fact', ...begin(subject), type, data }),
    /** A task to send. */
    task: <T extends keyof Tasks & string>(
      type: T,
      subject: string,
      data: DataOf<Tasks, T>,
    ): MessageOf<Facts, Tasks> => ({ kind: 'task', ...begin(subject), type, data }),
    headersOf: (message: Message, source: string, cause: Cause, sequence?: number) =>
      headersOf({ ...message, version: contracts.get(message.type)!.version }, source, cause, sequence),
    knownTypeOf: (delivery: Delivery) => {
      const type = typeOf(delivery);
      return type !== undefined && contracts.has(type) ? type : undefined;
    },
    readEnvelope: (delivery: Delivery) => readEnvelope(delivery, (type) => contracts.get(type)),
    maskPersonal: (data: unknown) => mask(data, personal),
    /** Every name on both brokers, under this namespace. */
    topology: (namespace?: string, { partitions }: { partitions?: number } = {}) =>
      topologyOf(definitions, namespace, partitions),
  } satisfies Contracts & Record<string, unknown>;
}
