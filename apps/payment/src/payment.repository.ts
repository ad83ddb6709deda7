import { Injectable } from '@nestjs/common';
import type { Tx } from '@cartwheel/outbox';
import type { Queryable } from '@cartwheel/postgres';
import { money } from '@cartwheel/primitives';
import type { Payment, PaymentState } from './domain/payment.ts';
import { toMessage } from './payment.messages.ts';

type Row = {
  payment_id: string;
  order_id: string;
  state: PaymentState;
  amount_minor: string;
  currency: string;
  payment_method: string;
  intent_id: string | null;
  failure_code: string | null;
};

@Injectable()
export class PaymentRepository {
  /** Reads and locks the payment of an order: everything that may change it passes here, one after the other. */
  async loadByOrder(tx: Queryable, orderId: string): Promise<Payment | undefined> {
    return this.read(tx, 'SELECT * FROM payments WHERE order_id = $1 FOR UPDATE', orderId);
  }

  async load(tx: Queryable, paymentId: string): Promise<Payment | undefined> {
    return this.read(tx, 'SELECT * FROM payments WHERE payment_id = $1 FOR UPDATE', paymentId);
  }

  /** Adds the payment; a second one for the same order fails on the unique key. */
  async add(tx: Tx, payment: Payment): Promise<void> {
    await tx.query(
      `INSERT INTO payments (payment_id, order_id, state, amount_minor, currency, payment_method) VALUES ($1, $2, $3, $4, $5, $6)`,
      [
        payment.paymentId,
        payment.orderId,
        payment.state,
        payment.amount.amountMinor,
        payment.amount.currency,
        payment.paymentMethod,
      ],
    );
    this.announce(tx, payment);
  }

  /** Saves a payment that entered another state, and hands on what that announces. Nothing for `undefined`: no change. */
  async save(tx: Tx, payment: Payment | undefined): Promise<void> {
    if (!payment) return;
    await tx.query('UPDATE payments SET state = $2, failure_code = $3, updated_at = now() WHERE payment_id = $1', [
      payment.paymentId,
      payment.state,
      payment.failureCode ?? null,
    ]);
    this.announce(tx, payment);
  }

  /** Notes the intent. The state stays, so nothing is announced. */
  async saveIntent(tx: Tx, { paymentId, intentId }: Payment): Promise<void> {
    await tx.query('UPDATE payments SET intent_id = $2, updated_at = now() WHERE payment_id = $1', [
      paymentId,
      intentId,
    ]);
  }

  private announce(tx: Tx, payment: Payment): void {
    const message = toMessage(payment);
    if (message) tx.emit(message);
  }

  private async read(tx: Queryable, sql: string, id: string): Promise<Payment | undefined> {
    const [row] = await tx.query<Row>(sql, [id]);
    return (
      row && {
        paymentId: row.payment_id,
        orderId: row.order_id,
        state: row.state,
        amount: money(Number(row.amount_minor), row.currency),
        paymentMethod: row.payment_method,
        intentId: row.intent_id ?? undefined,
        failureCode: row.failure_code ?? undefined,
      }
    );
  }
}

/** Locks the payments of the orders that facts are about, in one order. */
export function lockPayments(tx: Queryable, facts: readonly { readonly data: unknown }[]): Promise<unknown> {
  const ids = facts.map(({ data }) => (data as { orderId: string }).orderId);
  return tx.query('SELECT 1 FROM payments WHERE order_id = ANY($1::uuid[]) ORDER BY order_id FOR UPDATE', [ids]);
}
