import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { AnswerOnce } from '../answer-once/answer-once.ts';
import type { Behaviour } from '../domain/payment-methods.ts';
import type { Books } from '../keep-books/books.ts';
import { failFirst } from '../fail-first/fail-first.ts';
import type { Call, Operation } from '../move-money/operation.ts';
import { invalidRequest } from '../refusal.ts';
import type { Webhooks } from '../send-webhooks/webhooks.ts';
import type { Store } from '../store.ts';
import { decodeFields, nestFields } from './decode-form.ts';
import type { Field } from './decode-form.ts';
import { readBody } from './read-body.ts';

/** `withheld`: the work is done and stored, but the answer must not reach the caller. */
export type Reply = Readonly<{
  status: number;
  json: string;
  replayed?: boolean;
  withheld?: boolean;
  retryAfterS?: number | undefined;
}>;

export type Desk = Readonly<{ books: Books; once: AnswerOnce; webhooks: Webhooks; store: Store }>;

/** One POST, from bytes to answer. Waiting happens before the transaction, webhooks leave after it. */
export async function carryOut(request: IncomingMessage, path: string, id: string, operation: Operation, desk: Desk) {
  const key = idempotencyKey(request);
  const fields = decodeFields(await readBody(request));
  let behaviour: Behaviour = {};
  const given = await desk.once.answer({ key, fingerprint: fingerprint(path, fields) }, async () => {
    const call: Call = { id, params: nestFields(fields), key };
    const wanted = operation(call, desk.books);
    behaviour = wanted.behaviour;
    const plan = failFirst(desk.store, subjectOf(path, call), behaviour, wanted);
    if (plan.thinksMs) await pause(plan.thinksMs);
    return plan.perform;
  });
  const { status, json, replayed, outcome } = given;
  if (outcome?.news) await desk.webhooks.announce(outcome.news, key, behaviour.webhook);
  const movedMoney = status === 200 && outcome?.movement !== undefined;
  const reply: Reply = { status, json, replayed, withheld: movedMoney && behaviour.losesFirstAnswer === true };
  return reply;
}

function idempotencyKey(request: IncomingMessage): string | null {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return null;
  if (typeof key === 'string' && key.length >= 1 && key.length <= 255) return key;
  throw invalidRequest('An Idempotency-Key has 1 to 255 characters.');
}

/** One operation on one intent, whatever its key: a create has no intent yet, but says whose payment it is. */
function subjectOf(path: string, { params }: Call): string {
  const { payment_intent, metadata } = params as { payment_intent?: string; metadata?: Record<string, string> };
  return `${path} ${payment_intent ?? metadata?.['paymentId'] ?? ''}`;
}

/** The order of the parameters does not matter, the endpoint does. */
function fingerprint(path: string, fields: readonly Field[]): string {
  const sorted = fields.map((field) => JSON.stringify(field)).toSorted();
  return createHash('sha256')
    .update(`${path}\n${sorted.join('\n')}`)
    .digest('hex');
}
