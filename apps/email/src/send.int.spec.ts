import { contracts, type Delivery, headersOf, task, topology } from '@cartwheel/contracts';
import { type TaskContext, TaskInbox } from '@cartwheel/inbox';
import { UnitOfWork, Wake } from '@cartwheel/outbox';
import { parking } from '@cartwheel/parking';
import { newId } from '@cartwheel/primitives';
import { testDatabase, type TestDatabase } from '@cartwheel/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { entities } from './entities.ts';
import { schemas } from './email.schema.ts';
import { mailServer, type Mishap } from './fixtures/mail-server.ts';
import { SmtpMailer } from './mailer/smtp-mailer.ts';
import { SendEmail } from './send-email/send-email.ts';
import { SendEmailWorker } from './send-email/send-email.worker.ts';

// One mail through the inbox, the worker and SMTP, with a server that fails on request.

const LEASE_MS = 60_000;
/** Against a server that says nothing. */
const IMPATIENT = { deadlineMs: 4_000 };
const live = new AbortController().signal;
const cause = { correlationId: newId(), causationId: newId() };
let db: TestDatabase;
let smtp: Awaited<ReturnType<typeof mailServer>>;
beforeAll(async () => {
  db = await testDatabase(schemas, { entities });
  smtp = await mailServer();
});
afterAll(async () => {
  await smtp.stop();
  await db.drop();
});
beforeEach(() => {
  smtp.received.length = 0;
});

/** A mail that was asked for, and its task on the way to a worker of its own. */
async function asked({ url = smtp.url } = {}) {
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

  const origin = { source: 'email', contracts, topology: topology() };
  const wake = new Wake();
  const unitOfWork = new UnitOfWork(db.dataSource, origin, wake);
  const inbox = new TaskInbox({
    consumer: 'email.message',
    dataSource: db.dataSource,
    origin,
    unitOfWork,
    wake,
    parking,
  });
  const sendEmail = new SendEmail({ namespace: '', leaseMs: LEASE_MS });
  const workerFor = (deadlineMs: number) => {
    const worker = new SendEmailWorker(sendEmail, new SmtpMailer({ url, from: 'shop@cartwheel.example', deadlineMs }));
    return {
      has: () => true,
      handle: (_: string, data: unknown, context: TaskContext) => worker.send(data as never, context),
    };
  };
  const message = task('SendEmail', orderId, { orderId, emailId, template: 'receipt' });
  const delivery: Delivery = {
    source: 'rabbitmq',
    topic: 'email.message',
    key: null,
    headers: headersOf(message, 'email', cause),
    value: Buffer.from(JSON.stringify(message.data)),
  };
  return {
    messageId: `<${emailId}@cartwheel.example>`,
    attempt: async ({ deadlineMs = 30_000 } = {}) => (await inbox.apply(delivery, workerFor(deadlineMs), live)).kind,
    recorded: async () =>
      (
        await db.admin.query<{ state: string; ambiguous: number; dead: boolean }>(
          `SELECT state, ambiguous_sends AS ambiguous,
             EXISTS (SELECT FROM parked_messages WHERE event_id = $2) AS dead
           FROM emails WHERE email_id = $1`,
          [emailId, message.id],
        )
      )[0],
    /** As a sender leaves it that began so long ago and died. */
    takenSince: (ms: number) =>
      db.pool.query(
        `UPDATE emails SET state = 'sending', sending_since = now() - make_interval(secs => $2::float8 / 1000)
         WHERE email_id = $1`,
        [emailId, ms],
      ),
  };
}

test('a mail that the server takes is sent once, however often its task comes', async () => {
  const mail = await asked();
  expect([await mail.attempt(), await mail.attempt()]).toEqual(['ack', 'ack']);
  expect(smtp.received).toEqual([mail.messageId]);
  expect(await mail.recorded()).toEqual({ state: 'sent', ambiguous: 0, dead: false });
});

describe('a mail is tried again, and known not to be sent, when', () => {
  test.each<[string, Mishap]>([
    ['the server is too busy for the recipient', { at: 'recipient', answer: 450 }],
    ['the server is too busy for the message', { at: 'message', answer: 452 }],
    ['the server does not greet', { at: 'greeting', does: 'say nothing' }],
  ])('%s', async (_, mishap) => {
    const mail = await asked();
    smtp.meet(mishap);
    expect(await mail.attempt(IMPATIENT)).toBe('retry');
    expect(await mail.recorded()).toEqual({ state: 'requested', ambiguous: 0, dead: false });
    expect(await mail.attempt()).toBe('ack');
    expect(smtp.received).toEqual([mail.messageId]);
    expect(await mail.recorded()).toEqual({ state: 'sent', ambiguous: 0, dead: false });
  });

  test('the server is down, however long, and goes out when it is back', async () => {
    const gone = await mailServer();
    const mail = await asked({ url: gone.url });
    await gone.stop();
    for (let attempt = 1; attempt <= 8; attempt += 1) expect(await mail.attempt()).toBe('retry');
    expect(await mail.recorded()).toEqual({ state: 'requested', ambiguous: 0, dead: false });
    const back = await mailServer({ port: gone.port });
    expect(await mail.attempt()).toBe('ack');
    expect(back.received).toEqual([mail.messageId]);
    await back.stop();
  });
});

test.each<[string, Mishap]>([
  ['recipient', { at: 'recipient', answer: 550 }],
  ['message', { at: 'message', answer: 554 }],
])('a mail whose %s the server refuses for good is dead, and known not to be sent', async (_, mishap) => {
  const mail = await asked();
  smtp.meet(mishap);
  expect(await mail.attempt()).toBe('ack');
  expect(smtp.received).toEqual([]);
  expect(await mail.recorded()).toEqual({ state: 'requested', ambiguous: 0, dead: true });
});

describe('a mail of which nobody knows whether it was sent is recorded so, and repeated under its Message-ID, when', () => {
  test.each<[string, Mishap]>([
    ['the connection is lost before the answer', { at: 'answer', does: 'lose the connection' }],
    ['the answer does not come in time', { at: 'answer', does: 'say nothing' }],
  ])('%s', async (_, mishap) => {
    const mail = await asked();
    smtp.meet(mishap);
    expect(await mail.attempt(IMPATIENT)).toBe('retry');
    expect(await mail.recorded()).toEqual({ state: 'requested', ambiguous: 1, dead: false });
    expect(await mail.attempt()).toBe('ack');
    expect(smtp.received).toEqual([mail.messageId, mail.messageId]);
    expect(await mail.recorded()).toEqual({ state: 'sent', ambiguous: 1, dead: false });
  });

  test('its sender died: it is left alone for as long as a send may take, and then taken over', async () => {
    const mail = await asked();
    await mail.takenSince(0);
    expect(await mail.attempt()).toBe('retry');
    expect(smtp.received).toEqual([]);
    await mail.takenSince(LEASE_MS + 1);
    expect(await mail.attempt()).toBe('ack');
    expect(smtp.received).toEqual([mail.messageId]);
    expect(await mail.recorded()).toEqual({ state: 'sent', ambiguous: 1, dead: false });
  });
});

test('a task that stands in the queue five times side by side sends one mail', async () => {
  const mail = await asked();
  const outcomes = await Promise.all(Array.from({ length: 5 }, () => mail.attempt()));
  expect(smtp.received).toEqual([mail.messageId]);
  expect(outcomes).toContain('ack');
  expect(await mail.attempt()).toBe('ack');
  expect(smtp.received).toEqual([mail.messageId]);
  expect(await mail.recorded()).toEqual({ state: 'sent', ambiguous: 0, dead: false });
});
