import { type FactType, facts, type TaskQueue, tasks, type TaskType } from '@cartwheel/contracts';
import { type ServiceName, serviceNames } from '../verify/target.ts';
import { noteOf } from './note.ts';
import { askedBy, eventCauses, mailOf, type OrderStatus } from './steps.ts';
import type { ServiceTrail, Trails } from './trails.ts';

/** Everything that is known of one fact or task. Instants are milliseconds since 1970. */
export type Message = {
  readonly id: string;
  readonly kind: 'fact' | 'task';
  readonly type: string;
  readonly from: ServiceName;
  /** When it was announced, in the transaction of what it announces. */
  readonly at: number;
  /** The id of the fact, or `http:…` of the request, that it came from. */
  readonly cause: string | undefined;
  /** A few words on what it says. */
  readonly note: string;
  /** Where Kafka keeps it, and since when. */
  readonly record?: {
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
    readonly at: number;
  };
  /** It is in the outbox still. */
  readonly waiting?: { readonly channel: 'kafka' | 'rabbitmq'; readonly since: number; readonly ahead: number };
  /** Which consumers (groups and queues) have taken it. */
  readonly taken: readonly { readonly by: string; readonly at: number }[];
  readonly parked: readonly Parked[];
  readonly attempts: readonly Attempt[];
};

export type Parked = Omit<ServiceTrail['parked'][number], 'nextAttemptAt' | 'firstFailedAt' | 'lastFailedAt'> & {
  readonly service: ServiceName;
  readonly nextAttemptAt: number;
  /** When it failed for the first time, or was put behind one that had. */
  readonly since: number | undefined;
};

export type Attempt = {
  readonly n: number;
  readonly from: number;
  /** None: under way, or its worker died. */
  readonly to: number | undefined;
  readonly outcome: 'done' | 'duplicate' | 'retry' | 'dead' | null;
  readonly error: string | undefined;
  readonly nextAt: number | undefined;
};

/** One order's life, put together from what the services told. */
export type Life = {
  readonly orderId: string;
  readonly now: number;
  readonly status: OrderStatus | undefined;
  readonly trails: Trails['told'];
  readonly silent: Trails['silent'];
  /** Oldest first. */
  readonly messages: readonly Message[];
};

type Draft = Pick<Message, 'id' | 'kind' | 'type' | 'from' | 'at' | 'cause'> & Partial<Message>;

export function lifeOf({ orderId, now, told, silent }: Trails): Life {
  const known = new Map<string, Draft>();
  // Who knows most about a message says it first.
  for (const draft of drafts(told)) if (!known.has(draft.id)) known.set(draft.id, draft);
  const all = [...known.values()];
  const firstOf = (type: string) => all.find((draft) => draft.type === type);
  const messages = all.map((draft): Message => {
    const taken = takenOf(told, draft.id);
    const cause = draft.cause ?? firstOf(askedBy[draft.type] ?? '')?.id;
    return {
      note: '',
      ...draft,
      cause,
      at: draft.kind === 'task' ? askedAt(told, { ...draft, cause }) : draft.at,
      taken,
      parked: parkedOf(told, draft.id, taken),
      attempts: attemptsOf(told, draft.id),
      ...(draft.type === 'SendEmail' ? { note: mailOf(known.get(cause ?? '')?.type) } : {}),
    };
  });
  messages.sort((a, b) => a.at - b.at || a.id.localeCompare(b.id));
  return { orderId, now, status: statusOf(told, messages), trails: told, silent, messages };
}

/** Each message as often as somebody knows of it, who knows most first. */
function* drafts(told: Trails['told']): Generator<Draft> {
  for (const { id, type, source, time, causationId, data, ...at } of told.analytics?.own.facts ?? []) {
    const { topic, partition, offset } = at;
    const record = { topic, partition, offset, at: ms(at.recordedAt) };
    const from = source as ServiceName;
    yield { id, kind: 'fact', type, from, at: ms(time), cause: causationId, note: noteOf(type, data), record };
  }
  for (const service of serviceNames) {
    for (const { id, channel, type, causationId, createdAt, ahead } of told[service]?.waiting ?? []) {
      const waiting = { channel, since: ms(createdAt), ahead };
      const kind = channel === 'kafka' ? 'fact' : 'task';
      yield { id, kind, type, from: service, at: waiting.since, cause: causationId ?? undefined, waiting };
    }
  }
  const events = told.order?.own.events ?? [];
  for (const { type, factId, occurredAt, causationId, reason } of events) {
    if (factId === null) continue;
    yield { id: factId, kind: 'fact', type, from: 'order', at: ms(occurredAt), cause: causationId, note: reason ?? '' };
  }
  for (const service of serviceNames) {
    for (const { taskId, type, causationId, startedAt } of told[service]?.attempts ?? [])
      yield { id: taskId, kind: 'task', type, from: service, at: ms(startedAt), cause: causationId ?? undefined };
    for (const { eventId, source, topic, type, firstFailedAt, nextAttemptAt } of told[service]?.parked ?? []) {
      const kind = source === 'kafka' ? 'fact' : 'task';
      const from = kind === 'fact' ? announcerIn(topic) : service;
      const at = ms(firstFailedAt ?? nextAttemptAt);
      yield { id: eventId, kind, type: type ?? 'a message of no known type', from, at, cause: undefined };
    }
  }
  // Without analytics the order's own stream still says which facts it has acted upon.
  for (const { type, reason, occurredAt, causationId } of events) {
    const cause = eventCauses[reason ?? type];
    if (cause === undefined || causationId.startsWith('http:')) continue;
    yield {
      id: causationId,
      kind: 'fact',
      type: cause,
      from: announcerOf(cause),
      at: ms(occurredAt),
      cause: undefined,
    };
  }
}

/** A task is asked for in the transaction that takes the fact, which is when its service says that it took it. */
function askedAt(told: Trails['told'], { at, cause, from, waiting }: Draft): number {
  const asked = takenOf(told, cause ?? '').find(({ by }) => by === from)?.at;
  return waiting?.since ?? (asked === undefined ? at : Math.min(asked, at));
}

function takenOf(told: Trails['told'], id: string): Message['taken'] {
  const rows = serviceNames.flatMap((service) => told[service]?.processed ?? []);
  return rows.filter((row) => row.id === id).map(({ consumer, at }) => ({ by: consumer, at: ms(at) }));
}

function parkedOf(told: Trails['told'], id: string, taken: Message['taken']): Parked[] {
  return serviceNames.flatMap((service) =>
    (told[service]?.parked ?? [])
      .filter(({ eventId }) => eventId === id)
      .map(({ nextAttemptAt, firstFailedAt, ...row }) => ({
        ...row,
        service,
        nextAttemptAt: ms(nextAttemptAt),
        since: firstFailedAt === null ? taken.find(({ by }) => by === row.consumer)?.at : ms(firstFailedAt),
      })),
  );
}

function attemptsOf(told: Trails['told'], id: string): Attempt[] {
  const rows = serviceNames.flatMap((service) => told[service]?.attempts ?? []).filter(({ taskId }) => taskId === id);
  return rows.map(({ attempt, startedAt, endedAt, outcome, errorClass, errorMessage, nextAttemptAt }) => ({
    n: attempt,
    from: ms(startedAt),
    to: endedAt === null ? undefined : ms(endedAt),
    outcome,
    error: errorMessage ?? errorClass ?? undefined,
    nextAt: nextAttemptAt === null ? undefined : ms(nextAttemptAt),
  }));
}

const STATUS_AFTER: Readonly<Record<string, OrderStatus>> = {
  OrderPlaced: 'placed',
  OrderConfirmed: 'confirmed',
  OrderCompleted: 'completed',
  OrderCancelled: 'cancelled',
  RefundRequested: 'refunding',
  OrderRefunded: 'refunded',
};

/** The order's own word, or without it what its last fact says. */
function statusOf(told: Trails['told'], messages: readonly Message[]): OrderStatus | undefined {
  const last = messages.findLast(({ type }) => type in STATUS_AFTER);
  return told.order?.own.order?.status ?? (last && STATUS_AFTER[last.type]);
}

/** `payment.card` → payment, `analytics.facts` → analytics. */
export function serviceOf(consumer: string): ServiceName {
  return consumer.split('.')[0] as ServiceName;
}

/** `shop.order-events` → order. */
function announcerIn(topic: string): ServiceName {
  return /(\w+)-events$/.exec(topic)?.[1] as ServiceName;
}

/** The queue of a task; undefined for a fact. */
export function queueOf({ kind, type }: Pick<Message, 'kind' | 'type'>): TaskQueue | undefined {
  return kind === 'task' ? tasks[type as TaskType]?.queue : undefined;
}

function ms(iso: string): number {
  return Date.parse(iso);
}

function announcerOf(type: FactType): ServiceName {
  return facts[type].source as ServiceName;
}
