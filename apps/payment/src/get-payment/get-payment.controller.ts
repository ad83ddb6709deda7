import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import { Problems } from '@cartwheel/http';
import type { Queryable } from '@cartwheel/postgres';
import { DomainError, isId } from '@cartwheel/primitives';
import { DATABASE } from '@cartwheel/service';
import { PaymentDetails } from '../payment.responses.ts';

@Controller('payments')
export class GetPaymentController {
  constructor(@Inject(DATABASE) private readonly database: Queryable) {}

  @Get(':orderId')
  @Problems('payment-not-found')
  @ApiOkResponse({ standardSchema: PaymentDetails })
  async get(@Param('orderId') orderId: string) {
    const rows = isId(orderId)
      ? await this.database.query(
          `SELECT payment_id AS "paymentId", order_id AS "orderId", state,
             json_build_object('amountMinor', amount_minor, 'currency', currency) AS amount,
             CASE WHEN refunded_minor IS NOT NULL
               THEN json_build_object('amountMinor', refunded_minor, 'currency', currency) END AS refunded,
             failure_code AS "failureCode", created_at AS "createdAt", updated_at AS "updatedAt"
           FROM payments WHERE order_id = $1`,
          [orderId],
        )
      : [];
    if (!rows[0]) throw new DomainError('payment-not-found', 'There is no payment for this order.', 404);
    return rows[0] as unknown;
  }
}
