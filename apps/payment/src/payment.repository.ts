import { Injectable } from '@nestjs/common';
import type { Cause, Envelope } from '@cartwheel/contracts';
import { lockSubjects, type TaskContext } from '@cartwheel/inbox';
import type { Tx } from '@cartwheel/outbox';
import type { Queryable } from '@cartwheel/postgres';
import { money } from '@cartwheel/primitives';
import { type Answer, isOver, noteAttempt } from './domain/answer.ts';
import type { Attempts, Operation } from './domain/attempts.ts';
import { type Intent, noteIntent } from './domain/intent.ts';
import { attempt, type Payment, type PaymentState } from './domain/payment.ts';
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
  attempts: Attempts;
  refunded_minor: string | null;
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

  /** Reads it without the lock: whoever goes on to change it loads it again. */
  async find(database: Queryable, paymentId: string): Promise<Payment | undefined> {
    return this.read(database, 'SELECT * FROM payments WHERE payment_id = $1', paymentId);
  }

  /** Why a payment is in its state: the checkout, and the fact that asked for what is under way. */
  async causeOf(database: Queryable, paymentId: string): Promise<Cause> {
    const [cause] = await database.query<Cause>(
      'SELECT correlation_id AS "correlationId", causation_id AS "causationId" FROM payments WHERE payment_id = $1',
      [paymentId],
    );
    return cause!;
  }

  /** Adds the payment; a second one for the same order fails on the unique key. */
  async add(tx: Tx, payment: Payment): Promise<void> {
    await tx.query(
      `INSERT INTO payments (payment_id, order_id, state, amount_minor, currency, payment_method, correlation_id, causation_id)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [
        payment.paymentId,
        payment.orderId,
        payment.state,
        payment.amount.amountMinor,
        payment.amount.currency,
        payment.paymentMethod,
        tx.cause.correlationId,
        tx.cause.causationId,
      ],
    );
    this.announce(tx, payment);
  }

  /** The order is cancelled, and OrderPlaced is still to come. */
  async rememberCancelled(tx: Queryable, orderId: string): Promise<void> {
    await tx.query('INSERT INTO early_cancellations (order_id) VALUES ($1) ON CONFLICT DO NOTHING', [orderId]);
  }

  async wasCancelled(tx: Queryable, orderId: string): Promise<boolean> {
    return (await tx.query('SELECT 1 FROM early_cancellations WHERE order_id = $1', [orderId])).length > 0;
  }

  /** Saves a payment that entered another state, and hands on what that announces. Nothing for `undefined`: no change. */
  async save(tx: Tx, payment: Payment | undefined): Promise<void> {
    if (!payment) return;
    await tx.query(
      `UPDATE payments SET state = $2, failure_code = $3, refunded_minor = $4, causation_id = $5, updated_at = now()
       WHERE payment_id = $1`,
      [
        payment.paymentId,
        payment.state,
        payment.failureCode ?? null,
        payment.refunded?.amountMinor ?? null,
        tx.cause.causationId,
      ],
    );
    this.announce(tx, payment);
  }

  /**
   * Applies what the gateway says of an intent, for a worker and for a webhook alike: under the row lock, so that only the
   * first to come changes the state and announces it. Returns the payment as it is then.
   */
  async settle(tx: Tx, paymentId: string, intent: Intent): Promise<Payment | undefined> {
    const current = await this.load(tx, paymentId);
    const settled = current && noteIntent(current, intent);
    await this.save(tx, settled);
    return settled ?? current;
  }

  /** Under the row lock: a key of its own for the next attempt, if `answer` shows that `asked`'s is over without effect. */
  async noteAttempt(
    { transaction }: Pick<TaskContext, 'transaction'>,
    asked: Payment,
    operation: Exclude<Operation, 'create'>,
    answer: Answer,
  ): Promise<Payment> {
    if (!isOver(answer)) return asked;
    return transaction(async (tx) => {
      const current = (await this.load(tx, asked.paymentId)) ?? asked;
      const noted = noteAttempt(current, operation, attempt(asked, operation).n, answer);
      if (noted) await this.saveProgress(tx, noted);
      return noted ?? current;
    });
  }

  /** Keeps the intent and the attempts. The state stays, so nothing is announced. */
  async saveProgress(tx: Tx, { paymentId, intentId, attempts }: Payment): Promise<void> {
    await tx.query('UPDATE payments SET intent_id = $2, attempts = $3, updated_at = now() WHERE payment_id = $1', [
      paymentId,
      intentId ?? null,
      JSON.stringify(attempts),
    ]);
  }

  private announce(tx: Tx, payment: Payment): void {
    tx.emit(toMessage(payment));
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
        attempts: row.attempts,
        refunded: row.refunded_minor === null ? undefined : money(Number(row.refunded_minor), row.currency),
      }
    );
  }
}

/** Locks the orders that facts are about, and their payments, in one order. */
export async function lockPayments(tx: Queryable, facts: readonly Envelope[]): Promise<void> {
  await lockSubjects(tx, facts);
  const ids = facts.map(({ data }) => (data as { orderId: string }).orderId);
  await tx.query('SELECT 1 FROM payments WHERE order_id = ANY($1::uuid[]) ORDER BY order_id FOR UPDATE', [ids]);
}
