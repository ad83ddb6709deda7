import type { Queryable } from '@cartwheel/postgres';
import type { Attempts } from '../domain/attempts.ts';
import type { PaymentState } from '../domain/payment.ts';

/** What the payment service knows of an order. */
export type PaymentTrail = {
  readonly payment?: {
    readonly state: PaymentState;
    readonly failureCode: string | null;
    /** How often the gateway was asked and said no, by operation. */
    readonly attempts: Attempts;
    readonly createdAt: Date;
    readonly updatedAt: Date;
  };
};

export async function tellTrail(database: Queryable, orderId: string): Promise<PaymentTrail> {
  const [payment] = await database.query<NonNullable<PaymentTrail['payment']>>(
    `SELECT state, failure_code AS "failureCode", attempts, created_at AS "createdAt", updated_at AS "updatedAt"
     FROM payments WHERE order_id = $1`,
    [orderId],
  );
  return payment ? { payment } : {};
}
