import pg from 'pg';
import type { Target } from '../verify/verify.ts';

type Line = {
  readonly at: Date;
  readonly service: string;
  readonly what: string;
  readonly channel: string;
  readonly note: string;
};

type Fact = {
  readonly type: string;
  readonly source: string;
  readonly time: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
};

/** What happened to one order: the facts from analytics, the tasks from the services that worked on them. */
export async function timeline(target: Target, orderId: string): Promise<string> {
  const answer = await fetch(`${target.urls.analytics}/facts?orderId=${orderId}`);
  const { items } = (await answer.json()) as { items: Fact[] };
  const lines: Line[] = items.map(({ type, source, time, topic, partition, offset }) => ({
    at: new Date(time),
    service: source,
    what: type,
    channel: `══▶ ${topic}`,
    note: `p${partition} @${offset}`,
  }));
  for (const [service, queue] of [
    ['payment', 'payment.card'],
    ['email', 'email.message'],
  ] as const) {
    for (const task of await attempts(target.databases[service], orderId)) {
      const took = task.ended_at
        ? `${task.ended_at.getTime() - task.started_at.getTime()} ms, ${task.outcome}`
        : 'no end';
      lines.push({ at: task.started_at, service, what: task.type, channel: `──▶ ${queue}`, note: took });
    }
  }
  lines.sort((a, b) => a.at.getTime() - b.at.getTime());
  const start = lines[0]?.at.getTime() ?? 0;
  const rows = lines.map(({ at, service, what, channel, note }) => {
    const time = `${at.getTime() - start} ms`.padStart(8);
    return `${time}  ${service.padEnd(10)} ${what.padEnd(18)} ${channel.padEnd(22)} ${note}`.trimEnd();
  });
  return [`Order ${orderId}`, '(══▶ a fact on Kafka, ──▶ a task on RabbitMQ)', ...rows].join('\n');
}

async function attempts(database: string, orderId: string) {
  const client = new pg.Client({ connectionString: database });
  await client.connect();
  try {
    const sql = 'SELECT type, started_at, ended_at, outcome FROM task_attempts WHERE subject = $1';
    return (
      await client.query<{ type: string; started_at: Date; ended_at: Date | null; outcome: string | null }>(sql, [
        orderId,
      ])
    ).rows;
  } finally {
    await client.end();
  }
}
