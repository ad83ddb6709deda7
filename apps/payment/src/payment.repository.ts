import { Injectable } from '@nestjs/common';
import type { Cause, Envelope } from '@cartwheel/contracts';
import { lockSubjects, type TaskContext } from '@cartwheel/inbox';
import type { Tx } from '@cartwheel/outbox';
import type { Queryable, Transaction } from '@cartwheel/postgres';
import { money } from '@cartwheel/primitives';
import { type Answer, isOver, noteAttempt } from './domain/answer.ts';
import type { Operation } from './domain/attempts.ts';
import { type Intent, noteIntent } from './domain/intent.ts';
import { attempt, type Payment } from './domain/payment.ts';
import { EarlyCancellationEntity } from './early-cancellation.entity.ts';
import { PaymentEntity } from './payment.entity.ts';
import { toMessage } from './payment.messages.ts';

const FOR_UPDATE = { mode: 'pessimistic_write' } as const;
const updatedAt = () => 'now()';

@Injectable()
export class PaymentRepository {
  /** Reads and locks the payment of an order: everything that may change it passes here, one after the other. */
  async loadByOrder(tx: Transaction, orderId: string): Promise<Payment | undefined> {
    return paymentOf(await tx.manager.findOne(PaymentEntity, { where: { orderId }, lock: FOR_UPDATE }));
  }

  async load(tx: Transaction, paymentId: string): Promise<Payment | undefined> {
    return paymentOf(await tx.manager.findOne(PaymentEntity, { where: { paymentId }, lock: FOR_UPDATE }));
  }

  /** Reads it without the lock: whoever goes on to change it loads it again. */
  async find(database: Queryable, paymentId: string): Promise<Payment | undefined> {
    const [row] = await database.query<PaymentEntity>(
      `SELECT payment_id AS "paymentId", order_id AS "orderId", state, amount_minor AS "amountMinor", currency, attempts,
         payment_method AS "paymentMethod", intent_id AS "intentId", failure_code AS "failureCode",
         refunded_minor AS "refundedMinor"
       FROM payments WHERE payment_id = $1`,
      [paymentId],
    );
    return paymentOf(row);
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
    const { paymentId, orderId, state, amount, paymentMethod } = payment;
    const { correlationId, causationId } = tx.cause;
    await tx.manager.insert(PaymentEntity, {
      ...{ paymentId, orderId, state, ...amount, paymentMethod },
      ...{ correlationId, causationId },
    });
    this.announce(tx, payment);
  }

  /** The order is cancelled, and OrderPlaced is still to come. */
  async rememberCancelled(tx: Transaction, orderId: string): Promise<void> {
    const remembering = tx.manager.createQueryBuilder().insert().into(EarlyCancellationEntity);
    await remembering.values({ orderId }).orIgnore().updateEntity(false).execute();
  }

  async wasCancelled(tx: Transaction, orderId: string): Promise<boolean> {
    return tx.manager.existsBy(EarlyCancellationEntity, { orderId });
  }

  /** Saves a payment that entered another state, and hands on what that announces. Nothing for `undefined`: no change. */
  async save(tx: Tx, payment: Payment | undefined): Promise<void> {
    if (!payment) return;
    const { paymentId, state, failureCode = null, refunded } = payment;
    const refundedMinor = refunded?.amountMinor ?? null;
    const { causationId } = tx.cause;
    await tx.manager.update(
      PaymentEntity,
      { paymentId },
      { state, failureCode, refundedMinor, causationId, updatedAt },
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
    await tx.manager.update(PaymentEntity, { paymentId }, { intentId: intentId ?? null, attempts, updatedAt });
  }

  private announce(tx: Tx, payment: Payment): void {
    tx.emit(toMessage(payment));
  }
}

function paymentOf(row: PaymentEntity | null | undefined): Payment | undefined {
  if (!row) return undefined;
  const { paymentId, orderId, state, paymentMethod, attempts, currency, refundedMinor } = row;
  return {
    ...{ paymentId, orderId, state, paymentMethod, attempts },
    amount: money(Number(row.amountMinor), currency),
    intentId: row.intentId ?? undefined,
    failureCode: row.failureCode ?? undefined,
    refunded: refundedMinor === null ? undefined : money(Number(refundedMinor), currency),
  };
}

/** Locks the orders that facts are about, and their payments, in one order. */
export async function lockPayments(tx: Queryable, facts: readonly Envelope[]): Promise<void> {
  await lockSubjects(tx, facts);
  const ids = facts.map(({ data }) => (data as { orderId: string }).orderId);
  await tx.query('SELECT 1 FROM payments WHERE order_id = ANY($1::uuid[]) ORDER BY order_id FOR UPDATE', [ids]);
}
