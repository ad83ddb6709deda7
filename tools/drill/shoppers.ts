import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Verdict } from '../verify/verify.ts';

/** As many of each in ten as the catalogue's stock allows for. */
const GOODS = [
  ...['plate-small', 'mug-blue', 'plate-small', 'mug-white', 'teapot'],
  ...['plate-small', 'mug-blue', 'plate-small', 'mug-white', 'bowl-large'],
];
/** What cannot be had, paid with a card that takes 3 s: the order is cancelled while its money is being held. */
const VOIDED = { sku: 'clock-oak', paymentMethod: 'pm_cartwheel_slow' };
const DECLINED = { sku: 'plate-small', paymentMethod: 'pm_card_visa_chargeDeclined' };
const ANSWER_WITHIN_MS = 120_000;
/** Then the customer orders something else; whether the order ends after all is the checker's business. */
const PATIENCE_MS = 20_000;
const THINKS_MS = 1_500;

/**
 * Customers who do not give up: whoever gets no answer, or a 5xx, sends the same request under the same Idempotency-Key
 * again; every fifth sends it twice anyway. Each waits for an order to end before the next: a slow shop gets fewer.
 */
export class Shoppers {
  readonly #orderUrl: string;
  readonly #signal: AbortSignal;
  #inside: Promise<void>[] = [];
  #open = false;
  #begun = 0;
  /** What they have to complain about. */
  readonly offenders: string[] = [];
  readonly orders = new Set<string>();
  /** When the last order was placed of those that have ended, in ms since 1970. */
  newestEnded = 0;
  /** Requests that were sent again because nobody had answered. */
  repeats = 0;

  constructor(orderUrl: string, signal: AbortSignal) {
    this.#orderUrl = orderUrl;
    this.#signal = signal;
  }

  come(customers: number): void {
    this.#open = true;
    this.#inside = Array.from({ length: customers }, async (_, n) => {
      await sleep((n * THINKS_MS) / customers);
      while (this.#open && !this.#signal.aborted) {
        await this.#shop(this.#begun++);
        await sleep(THINKS_MS);
      }
    });
  }

  /** Nobody begins another order; returns when all are gone. */
  async goHome(): Promise<void> {
    this.#open = false;
    await Promise.all(this.#inside);
  }

  async #shop(n: number): Promise<void> {
    const key = randomUUID();
    const placedAt = Date.now();
    const body = JSON.stringify(requestOf(n));
    const orderId = await this.#checkout(key, body);
    if (orderId === undefined) return;
    if (this.orders.has(orderId)) this.offenders.push(`order ${orderId}: the answer to two customers`);
    this.orders.add(orderId);
    const again = n % 5 === 0 ? await this.#checkout(key, body) : orderId;
    if (again !== undefined && again !== orderId) this.offenders.push(`one key, two orders: ${orderId}, ${again}`);
    const hasEnded = await this.#waitFor(orderId, ['completed', 'cancelled']);
    if (hasEnded) this.newestEnded = Math.max(this.newestEnded, placedAt);
    if (givesBack(n)) await this.#giveBack(orderId);
  }

  /** The order's id. Undefined when nobody answered in time, which is an offence, or the drill was stopped. */
  async #checkout(key: string, body: string): Promise<string | undefined> {
    const headers = { 'content-type': 'application/json', 'idempotency-key': key };
    for (const deadline = Date.now() + ANSWER_WITHIN_MS; !this.#signal.aborted; await sleep(200)) {
      const answer = await this.#send('/checkout', { method: 'POST', headers, body });
      if (answer?.status === 202) return answer.body['orderId'] as string;
      const underWay = answer?.body['code'] === 'idempotency-key-in-use';
      const refused = answer !== undefined && answer.status < 500 && !underWay;
      if (refused || Date.now() > deadline) {
        this.offenders.push(`a checkout was answered with ${answer?.status ?? 'nothing'}`);
        return undefined;
      }
      this.repeats += 1;
    }
    return undefined;
  }

  /** Wants the money back, as often as it takes. */
  async #giveBack(orderId: string): Promise<void> {
    for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline && !this.#signal.aborted; await sleep(500)) {
      const answer = await this.#send(`/orders/${orderId}/cancellation`, { method: 'POST' });
      // A 409 tells that it was cancelled before.
      if (answer && answer.status < 500) return void (await this.#waitFor(orderId, ['refunded', 'cancelled']));
    }
  }

  /** Whether it came to one of these ends before the customer's patience did. */
  async #waitFor(orderId: string, ends: readonly string[]): Promise<boolean> {
    for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline && !this.#signal.aborted; await sleep(500)) {
      const answer = await this.#send(`/orders/${orderId}`);
      if (answer?.status === 404) this.offenders.push(`order ${orderId}: answered with 202, and is not there`);
      if (answer && ends.includes(String(answer.body['status']))) return true;
    }
    return false;
  }

  /** Undefined: no answer, or half of one. */
  async #send(path: string, init: RequestInit = {}) {
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(10_000)]);
    try {
      const response = await fetch(`${this.#orderUrl}${path}`, { ...init, signal });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    } catch {
      return undefined;
    }
  }
}

/** What they have seen, as one more verdict of the checker. */
export function asCustomersSawIt({ offenders, orders, repeats }: Shoppers): Verdict {
  const detail = `${orders.size} orders, ${repeats} requests sent again`;
  const verdict = offenders.length > 0 ? 'broken' : 'held';
  return { promise: 9, title: 'the same, as customers saw it', verdict, detail, offenders };
}

/** One in six, all of them with a good card. */
const givesBack = (n: number) => n % 6 === 1;

/** The n-th customer's wish. */
export function requestOf(n: number): object {
  const plain = { sku: GOODS[n % GOODS.length]!, paymentMethod: 'pm_card_visa' };
  const { sku, paymentMethod } = n % 6 === 4 ? VOIDED : n % 12 === 5 ? DECLINED : plain;
  const customer = { name: 'Ada Moreau', email: 'ada@example.com' };
  return { customer, items: [{ sku, quantity: 1 }], payment: { paymentMethod } };
}
