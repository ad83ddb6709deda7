import { contracts, taskQueues, type Topology } from '@cartwheel/contracts';
import { ownWords, type ParkedMessage, parkedAbout } from '@cartwheel/parking';
import type { Queryable } from '@cartwheel/postgres';

/**
 * What a service knows of one order beside what all services know (below): its own tables, nothing personal. An empty
 * answer is a service that has not heard of the order.
 */
export type TellTrail = (database: Queryable, orderId: string) => Promise<object>;

/** A message in the outbox: committed, and not published yet. */
export type Waiting = {
  readonly id: string;
  readonly channel: 'kafka' | 'rabbitmq';
  readonly type: string;
  readonly causationId: string | null;
  readonly createdAt: Date;
  /** How many of its channel are before it. */
  readonly ahead: number;
};

/** One attempt of a worker at a task. Without an end it is under way, or its worker died. */
export type TaskAttempt = {
  readonly taskId: string;
  readonly type: string;
  /** The fact that asked for the task; null for attempts older than the column. */
  readonly causationId: string | null;
  readonly attempt: number;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  readonly outcome: 'done' | 'duplicate' | 'retry' | 'dead' | null;
  readonly errorClass: string | null;
  /** Null where the text is not ours: it might quote the message. */
  readonly errorMessage: string | null;
  readonly nextAttemptAt: Date | null;
};

/** A message that a consumer or the workers of a queue have taken: applied or done, unless it is parked or dead. */
export type Processed = { readonly consumer: string; readonly id: string; readonly at: Date };

/** What an operator did about a message that was given up. */
export type Action = {
  readonly id: string;
  readonly consumer: string;
  readonly type: string | null;
  readonly action: 'replay' | 'discard' | 'reveal';
  readonly at: Date;
};

export type Trail = {
  /** By the service's database, as all other instants. */
  readonly now: Date;
  readonly waiting: readonly Waiting[];
  readonly parked: readonly ParkedMessage[];
  readonly attempts: readonly TaskAttempt[];
  /** Of the messages that were asked for: their ids are kept here without the order's. */
  readonly processed: readonly Processed[];
  readonly actions: readonly Action[];
  readonly own: object;
};

/** The messages of one channel that are before the order's are counted by the primary key. Copies of dead letters are no facts. */
const WAITING = `
  SELECT id, channel, type, created_at AS "createdAt",
    coalesce(headers -> 'ce_causationid' ->> 'base64', headers ->> 'ce_causationid') AS "causationId",
    jsonb_typeof(headers -> 'ce_causationid') = 'object' AS "isEncoded",
    (SELECT count(*)::int FROM outbox AS before WHERE before.channel = outbox.channel AND before.seq < outbox.seq) AS ahead
  FROM outbox
  WHERE type <> 'DeadLetter'
    AND (key = $1 OR headers ->> 'ce_subject' = $2 OR headers -> 'ce_subject' ->> 'base64' = $3)
  ORDER BY channel, seq`;

const ATTEMPTS = `
  SELECT task_id AS "taskId", type, causation_id AS "causationId", attempt, started_at AS "startedAt", ended_at AS "endedAt",
    outcome, error_class AS "errorClass", error_message AS "errorMessage", next_attempt_at AS "nextAttemptAt"
  FROM task_attempts WHERE subject = $1 ORDER BY started_at`;

const PROCESSED = `
  SELECT consumer, event_id AS id, processed_at AS at FROM processed_events
  WHERE consumer = ANY($1::text[]) AND event_id = ANY($2::uuid[]) ORDER BY processed_at`;

const ACTIONS = `
  SELECT event_id AS id, consumer, type, action, acted_at AS at FROM parked_message_actions
  WHERE event_id = ANY($1::uuid[]) ORDER BY action_id`;

export type Told = { readonly topology: Topology; readonly hasWorkers: boolean; readonly tell: TellTrail };

/** Everything that this service can say about an order, and about the messages `ids`. */
export async function trailOf(db: Queryable, orderId: string, ids: readonly string[], told: Told): Promise<Trail> {
  const [clock] = await db.query<{ now: Date }>('SELECT clock_timestamp() AS now');
  return {
    now: clock!.now,
    waiting: await waitingAbout(db, orderId),
    parked: await parkedAbout(db, orderId, contracts),
    attempts: told.hasWorkers ? await attemptsAbout(db, orderId) : [],
    processed: await db.query<Processed>(PROCESSED, [[...told.topology.consumers, ...taskQueues], ids]),
    actions: await db.query<Action>(ACTIONS, [ids]),
    own: await told.tell(db, orderId),
  };
}

async function waitingAbout(db: Queryable, orderId: string): Promise<Waiting[]> {
  const key = Buffer.from(orderId);
  const rows = await db.query<Waiting & { isEncoded: boolean | null }>(WAITING, [key, orderId, key.toString('base64')]);
  return rows.map(({ isEncoded, causationId, ...row }) => ({
    ...row,
    // A task that was replayed has the headers that came over the broker, as they are stored.
    causationId: isEncoded && causationId !== null ? Buffer.from(causationId, 'base64').toString() : causationId,
  }));
}

async function attemptsAbout(db: Queryable, orderId: string): Promise<TaskAttempt[]> {
  const rows = await db.query<TaskAttempt>(ATTEMPTS, [orderId]);
  return rows.map((row) => ({ ...row, errorMessage: ownWords(row.errorClass, row.errorMessage) }));
}
