import type { TaskQueue } from '@cartwheel/contracts';
import type pg from 'pg';
import { answering } from '../connections.ts';
import type { ParkedRow, Task } from '../evidence.ts';

export type Read = <Row>(sql: string) => Promise<Row[]>;

/** Runs `work` on one unchanging view of a database. */
export async function inSnapshot<T>(name: string, client: pg.Client, work: (read: Read) => Promise<T>): Promise<T> {
  const reading = async () => {
    await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
    try {
      return await work(async <Row>(sql: string) => (await client.query(sql)).rows as Row[]);
    } finally {
      await client.query('ROLLBACK');
    }
  };
  return answering(`The ${name} database`, `${client.host}:${client.port}`, reading());
}

/** What the pattern libraries keep in every service's database. */
export async function readPlatform(read: Read) {
  return {
    sequences: await read<{ topic: string; subject: string; last: number }>(
      'SELECT topic, subject, last::float8 AS last FROM message_sequences',
    ),
    outbox: await read<{ channel: string; rows: number }>(
      'SELECT channel, count(*)::int AS rows FROM outbox GROUP BY channel',
    ),
    processed: await read<{ consumer: string; id: string; at: number }>(
      `SELECT consumer, event_id AS id, (extract(epoch FROM processed_at) * 1000000)::float8 AS at FROM processed_events`,
    ),
    ...(await readParked(read)),
  };
}

/** Parked and dead messages with the error texts that are kept with them, and the ones that were discarded. */
export async function readParked(read: Read): Promise<{ parked: ParkedRow[]; errorTexts: string[] }> {
  type Row = Omit<ParkedRow, 'subject'> & {
    key: Buffer;
    headers: Record<string, string | { base64: string }>;
    text: string | null;
  };
  const rows = await read<Row>(
    `SELECT consumer, event_id AS id, source, topic, partition, record_offset::float8 AS offset, state, key, headers,
       error_class AS "errorClass", error_message AS text FROM parked_messages ORDER BY position`,
  );
  const discarded = await read<Omit<ParkedRow, 'subject'>>(
    `SELECT consumer, event_id AS id, source, topic, NULL::int AS partition, NULL::float8 AS offset, 'discarded' AS state
     FROM parked_message_actions WHERE action = 'discard' ORDER BY action_id`,
  );
  const kept = rows.map(({ key, headers, text: _, ...row }) => ({
    ...row,
    subject: subjectOf(headers['ce_subject'], key),
    // The relay keeps headers as they stood in the outbox.
    ...(row.consumer === 'relay' ? { sequence: Number(headers['ce_sequence']) } : {}),
  }));
  return {
    parked: [...kept, ...discarded.map((row) => ({ ...row, subject: 'unknown' }))],
    errorTexts: rows.map(({ text }) => text ?? ''),
  };
}

/** A header that came over a broker stands there as `{ base64 }`. Without one, a Kafka record's key is its subject. */
function subjectOf(header: string | { base64: string } | undefined, key: Buffer): string {
  if (typeof header === 'string') return header;
  return (header ? Buffer.from(header.base64, 'base64') : key).toString('utf8');
}

/** All tasks that anybody has begun, or only those whose outcome is not recorded. */
export async function readTasks(read: Read, queue: TaskQueue, which: 'all' | 'open' = 'all'): Promise<Task[]> {
  type Row = {
    id: string;
    type: string;
    subject: string;
    started: number;
    ended: number | null;
    outcome: string | null;
  };
  const ms = (column: string) => `(extract(epoch FROM ${column}) * 1000)::float8`;
  const recorded = `SELECT 1 FROM processed_events WHERE consumer = '${queue}' AND event_id = t.task_id`;
  const rows = await read<Row>(
    `SELECT task_id AS id, type, subject, ${ms('started_at')} AS started, ${ms('ended_at')} AS ended, outcome
     FROM task_attempts t ${which === 'open' ? `WHERE NOT EXISTS (${recorded})` : ''} ORDER BY task_id, attempt`,
  );
  return [...Map.groupBy(rows, ({ id }) => id)].map(([id, attempts]) => ({
    id,
    type: attempts[0]!.type,
    subject: attempts[0]!.subject,
    queue,
    attempts: attempts.map(({ started, ended, outcome }) => ({ startedAt: started, endedAt: ended, outcome })),
  }));
}
