import { headersOf, task, topology } from '@cartwheel/contracts';
import { createKafka, createTopics } from '@cartwheel/kafka';
import { newId } from '@cartwheel/primitives';
import { declareTopology } from '@cartwheel/rabbitmq';
import { engines, eventually, sendTask, testDatabase, testNamespace } from '@cartwheel/testing';
import { expect, test } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePorts } from '../../../tools/stack/ports.ts';
import { entities } from './entities.ts';
import { schemas } from './email.schema.ts';
import { mailServer } from './fixtures/mail-server.ts';

const main = join(import.meta.dirname, '../dist/main.js');

test('a service that dies when the mail server has the whole mail and before it hears so sends again under the same Message-ID, and that is on record', async () => {
  const { kafka, rabbitmq } = engines();
  const namespace = testNamespace();
  const names = topology(namespace, { partitions: 1 });
  const db = await testDatabase(schemas, { entities });
  await createTopics(createKafka(kafka.brokers, 'test'), names);
  await declareTopology(rabbitmq.url, names);
  const { email: port } = await freePorts();

  let service: ChildProcess;
  let kills = 1;
  // The server has the whole mail. Its answer finds nobody.
  const onTaken = async () => {
    if ((kills -= 1) < 0) return;
    service.kill('SIGKILL');
    await once(service, 'exit');
  };
  const smtp = await mailServer({ onTaken });
  const start = () =>
    spawn(process.execPath, [main], {
      env: {
        PATH: process.env['PATH'],
        HTTP_PORT: String(port),
        DATABASE_URL: db.url,
        KAFKA_BROKERS: kafka.brokers.join(),
        RABBITMQ_URL: rabbitmq.url,
        CARTWHEEL_NAMESPACE: namespace,
        SMTP_URL: smtp.url,
        SMTP_DEADLINE_MS: '2000',
        LOG_LEVEL: 'silent',
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    });

  const [orderId, emailId] = [newId(), newId()];
  const items = JSON.stringify([{ name: 'Mug', quantity: 2, unitPrice: { amountMinor: 1_200, currency: 'EUR' } }]);
  await db.admin.query(`INSERT INTO addressees VALUES ($1, 'Ada', 'ada@example.com', $2, 2400, 'EUR')`, [
    orderId,
    items,
  ]);
  await db.admin.query(`INSERT INTO emails (email_id, order_id, template) VALUES ($1, $2, 'receipt')`, [
    emailId,
    orderId,
  ]);
  service = start();
  try {
    const message = task('SendEmail', orderId, { orderId, emailId, template: 'receipt' });
    await sendTask(rabbitmq.url, {
      exchange: names.exchange,
      routingKey: 'email.message.send',
      headers: headersOf(message, 'email', { correlationId: newId(), causationId: newId() }),
      content: Buffer.from(JSON.stringify(message.data)),
    });
    await eventually(() => expect(service.signalCode).toBe('SIGKILL'), { withinMs: 120_000 });
    service = start();
    await eventually(
      async () =>
        expect(await db.admin.query('SELECT state, ambiguous_sends, message_id FROM emails')).toEqual([
          { state: 'sent', ambiguous_sends: 1, message_id: smtp.received[0] },
        ]),
      { withinMs: 180_000 },
    );
    expect(smtp.received).toEqual(Array(2).fill(`<${emailId}@${namespace}.cartwheel.example>`));
    const attempts = await db.admin.query('SELECT outcome FROM task_attempts ORDER BY attempt');
    expect(attempts[0]).toEqual({ outcome: null });
    expect(attempts.at(-1)).toEqual({ outcome: 'done' });
  } finally {
    service.kill('SIGKILL');
    await smtp.stop();
    await db.drop();
  }
}, 400_000);
