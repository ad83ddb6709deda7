import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { AnswerOnce } from '../answer-once/answer-once.ts';
import type { Behaviour } from '../domain/payment-methods.ts';
import type { Books } from '../keep-books/books.ts';
import type { Operation } from '../move-money/operation.ts';
import { invalidRequest } from '../refusal.ts';
import type { Webhooks } from '../send-webhooks/webhooks.ts';
import { decodeFields, nestFields } from './decode-form.ts';
import type { Field } from './decode-form.ts';
import { readBody } from './read-body.ts';

/** `withheld`: the work is done and stored, but the answer must not reach the caller. */
export type Reply = Readonly<{ status: number; json: string; replayed?: boolean; withheld?: boolean }>;

export type Desk = Readonly<{ books: Books; once: AnswerOnce; webhooks: Webhooks }>;

/** One POST, from bytes to answer. Waiting happens before the transaction, webhooks leave after it. */
export async function carryOut(request: IncomingMessage, path: string, id: string, operation: Operation, desk: Desk) {
  const key = idempotencyKey(request);
  const fields = decodeFields(await readBody(request));
  let behaviour: Behaviour = {};
  const given = await desk.once.answer({ key, fingerprint: fingerprint(path, fields) }, async () => {
    const plan = operation({ id, params: nestFields(fields), key }, desk.books);
    behaviour = plan.behaviour;
    if (plan.thinksMs) await pause(plan.thinksMs);
    return plan.perform;
  });
  const { status, json, replayed, outcome } = given;
  if (outcome?.change) desk.webhooks.announce(outcome.change, key, behaviour.webhookLagMs);
  const movedMoney = status === 200 && outcome?.change?.movement !== undefined;
  const reply: Reply = { status, json, replayed, withheld: movedMoney && behaviour.losesFirstAnswer === true };
  return reply;
}

function idempotencyKey(request: IncomingMessage): string | null {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return null;
  if (typeof key === 'string' && key.length >= 1 && key.length <= 255) return key;
  throw invalidRequest('An Idempotency-Key has 1 to 255 characters.');
}

/** The order of the parameters does not matter, the endpoint does. */
function fingerprint(path: string, fields: readonly Field[]): string {
  const sorted = fields.map((field) => JSON.stringify(field)).toSorted();
  return createHash('sha256')
    .update(`${path}\n${sorted.join('\n')}`)
    .digest('hex');
}
