import type { Change, Intent, Movement } from '../domain/intent.ts';
import type { Refund } from '../domain/refund.ts';
import { noSuch } from '../refusal.ts';
import type { Store } from '../store.ts';
import { enter } from './ledger.ts';

/** Intents, refunds and what they did to the money. A change and its ledger entry are one value and are saved together. */
export class Books {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** `param` is the parameter that named the intent, for the 404. */
  intent(id: string, param = 'intent'): Intent {
    const row = this.#store.prepare('SELECT body FROM intents WHERE id = ?').get(id);
    if (!row) throw noSuch('payment_intent', id, param);
    return JSON.parse(String(row['body'])) as Intent;
  }

  save(change: Change, idempotencyKey: string | null): void {
    const { intent, movement } = change;
    this.#store
      .prepare('INSERT INTO intents (id, body) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body')
      .run(intent.id, JSON.stringify(intent));
    if (movement) enter(this.#store, intent, movement, idempotencyKey);
  }

  refund(id: string): Refund {
    const row = this.#store.prepare('SELECT body FROM refunds WHERE id = ?').get(id);
    if (!row) throw noSuch('refund', id, 'refund');
    return JSON.parse(String(row['body'])) as Refund;
  }

  /** Of an intent, newest first, as Stripe lists them. */
  refundsOf(intentId: string): Refund[] {
    const rows = this.#store.prepare('SELECT body FROM refunds WHERE intent_id = ? ORDER BY rowid DESC').all(intentId);
    return rows.map((row) => JSON.parse(String(row['body'])) as Refund);
  }

  /** What went back or is on its way. */
  refundedMinor(intentId: string): number {
    const row = this.#store
      .prepare(
        `SELECT coalesce(sum(amount_minor), 0) AS total FROM refunds
         WHERE intent_id = ? AND json_extract(body, '$.status') <> 'failed'`,
      )
      .get(intentId);
    return Number(row?.['total']);
  }

  saveRefund(refund: Refund, intent: Intent, movement: Movement | undefined, idempotencyKey: string | null): void {
    this.#store
      .prepare(
        `INSERT INTO refunds (id, intent_id, amount_minor, body) VALUES (?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET body = excluded.body`,
      )
      .run(refund.id, intent.id, refund.amount, JSON.stringify(refund));
    if (movement) enter(this.#store, intent, movement, idempotencyKey);
  }

  /** Writes down when and how a pending refund ends. */
  refundLater({ id }: Refund, { afterMs, fail = false }: { afterMs: number; fail?: boolean }): void {
    this.#store
      .prepare('INSERT INTO pending_refunds (id, ends_at, ends_as) VALUES (?, ?, ?)')
      .run(id, Date.now() + afterMs, fail ? 'failed' : 'succeeded');
  }

  dueRefunds(now: number): { id: string; endsAs: 'succeeded' | 'failed' }[] {
    const rows = this.#store.prepare('SELECT id, ends_as FROM pending_refunds WHERE ends_at <= ?').all(now);
    return rows.map((row) => ({ id: String(row['id']), endsAs: row['ends_as'] === 'failed' ? 'failed' : 'succeeded' }));
  }

  refundEnded(id: string): void {
    this.#store.prepare('DELETE FROM pending_refunds WHERE id = ?').run(id);
  }
}
