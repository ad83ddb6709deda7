import { topology } from '@cartwheel/contracts';
import { withDeadline } from '@cartwheel/primitives';
import { connect as connectRabbitmq } from 'amqplib';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import pg from 'pg';
import type { Target } from '../verify/target.ts';

// What makes services fail without anybody dying, so that there is something to park, to repeat and to bury. Each failure
// ends by itself, and comes from outside.

const FAILS = `
  CREATE FUNCTION drill_fails() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF right(NEW.order_id::text, 1) IN ('0', '4', '8', 'c') AND NOT EXISTS (
      SELECT 1 FROM parked_messages WHERE key = convert_to(NEW.order_id::text, 'UTF8') AND attempts >= 2)
    THEN RAISE EXCEPTION 'the drill makes the first two attempts fail';
    END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER drill_fails BEFORE INSERT ON reservations FOR EACH ROW EXECUTE FUNCTION drill_fails()`;
const MENDED = 'DROP TRIGGER IF EXISTS drill_fails ON reservations; DROP FUNCTION IF EXISTS drill_fails()';

/** A quarter of the orders cannot be reserved at the first attempt nor at the second: parked, tried in vain, applied. */
export async function failReservations({ databases }: Target): Promise<{ stop: () => Promise<void> }> {
  const run = async (sql: string) => {
    const client = new pg.Client({ connectionString: databases.inventory, application_name: 'drill' });
    await client.connect();
    await client.query(sql).finally(() => client.end());
  };
  await run(`${MENDED}; ${FAILS}`);
  return { stop: () => run(MENDED) };
}

const UNREADABLE_EVERY_MS = 2_000;

/** Puts a task that nobody can read on the cards' queue, again and again. */
export async function sendUnreadableTasks({ rabbitmqUrl, namespace }: Target): Promise<{ stop: () => Promise<void> }> {
  const connection = await connectRabbitmq(rabbitmqUrl);
  const channel = await connection.createConfirmChannel();
  const queue = topology(namespace).queue('payment.card');
  const timer = setInterval(() => {
    channel.sendToQueue(queue, Buffer.from(`no task, but ${randomUUID()}`), { persistent: true });
  }, UNREADABLE_EVERY_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      // A broker that is down does not answer that either.
      await withDeadline('closing the connection', 3_000, Promise.resolve(connection.close())).catch(() => undefined);
    },
  };
}

/**
 * A mail server that breaks off in the middle of every third mail, once: the next attempt gets through. `url` stands before
 * the real one at `host` and `port`.
 */
export async function breakOffMails(host: string, port: number): Promise<{ url: string; stop: () => Promise<void> }> {
  const seen = new Set<string>();
  const server = createServer((client) => {
    const upstream = connect(port, host);
    let said = '';
    for (const socket of [client, upstream]) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
    upstream.on('data', (bytes) => client.write(bytes));
    client.on('data', (bytes: Buffer) => {
      said += bytes.toString('latin1');
      const id = /^Message-ID: <([^@]+)@/im.exec(said)?.[1];
      const isNew = id !== undefined && !seen.has(id);
      if (isNew) seen.add(id);
      if (isNew && seen.size % 3 === 0) client.destroy();
      else upstream.write(bytes);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}?ignoreTLS=true`,
    stop: async () => {
      server.close();
    },
  };
}
