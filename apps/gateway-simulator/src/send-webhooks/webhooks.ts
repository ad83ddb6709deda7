/*
 * Tells the shop what happened to an intent. Sent beside the answer, never before its commit; tried again a few times
 * with the same event id; a receiver sees repeats and any order. What is not yet delivered when the process ends is
 * lost: a webhook is a hint, and a shop that needs it to be right is wrong.
 */
import type { News } from '../answer-once/answer-once.ts';
import type { Log } from '../log.ts';
import { newId } from '../new-id.ts';
import { sign } from './sign.ts';

export type WebhookTarget = Readonly<{ url: string; secret: string; delayMs: number }>;

const RETRY_AFTER_MS = [500, 2_000, 8_000, 30_000];
const ANSWER_WITHIN_MS = 5_000;

/** How a payment method wants its webhooks: later, before the answer, more than once. */
type Manner = Readonly<{ lagMs?: number; first?: boolean; times?: number }>;
type Event = Readonly<{ id: string; type: string; payload: string }>;

export class Webhooks {
  readonly #target: WebhookTarget | undefined;
  readonly #log: Log;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #stopped = new AbortController();

  constructor(target: WebhookTarget | undefined, log: Log) {
    this.#target = target;
    this.#log = log;
  }

  /** Resolves at once; for `first`, when the receiver has answered. */
  async announce({ type, object }: News, idempotencyKey: string | null, manner: Manner = {}): Promise<void> {
    if (!this.#target) return;
    const { lagMs = 0, first = false, times = 1 } = manner;
    const id = newId('evt');
    const payload = JSON.stringify({
      id,
      object: 'event',
      api_version: null,
      created: Math.floor(Date.now() / 1000),
      data: { object },
      livemode: false,
      pending_webhooks: 1,
      request: { id: null, idempotency_key: idempotencyKey },
      type,
    });
    if (first) return this.#deliver({ id, type, payload }, 1, this.#target);
    for (let time = 0; time < times; time += 1) {
      this.#later(this.#target.delayMs + lagMs, { id, type, payload }, 1, this.#target);
    }
  }

  stop(): void {
    this.#stopped.abort();
    this.#timers.forEach(clearTimeout);
  }

  #later(delayMs: number, event: Event, attempt: number, target: WebhookTarget): void {
    if (this.#stopped.signal.aborted) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void this.#deliver(event, attempt, target);
    }, delayMs).unref();
    this.#timers.add(timer);
  }

  async #deliver(event: Event, attempt: number, target: WebhookTarget): Promise<void> {
    const status = await this.#post(event, target);
    const delivered = status >= 200 && status < 300;
    this.#log('webhook', { eventId: event.id, type: event.type, attempt, status, delivered });
    const retryAfterMs = RETRY_AFTER_MS[attempt - 1];
    if (!delivered && retryAfterMs !== undefined) this.#later(retryAfterMs, event, attempt + 1, target);
  }

  /** The receiver's status, or 0 when there was no answer. */
  async #post({ payload }: Event, { url, secret }: WebhookTarget): Promise<number> {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          'Stripe-Signature': sign(payload, secret, Math.floor(Date.now() / 1000)),
        },
        body: payload,
        redirect: 'manual',
        signal: AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
      });
      await response.body?.cancel();
      return response.status;
    } catch {
      return 0;
    }
  }
}
