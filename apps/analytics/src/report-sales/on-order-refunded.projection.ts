import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { generationOf, type OrderRefunded } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { OnFact } from '@cartwheel/service';

/** On the day of the refund; what was sold on the day of the sale stays as it was. */
@Controller()
export class CountRefundOnOrderRefunded {
  @OnFact('OrderRefunded', 'analytics.sales')
  async count(@Payload() { amount }: OrderRefunded, @Ctx() { consumer, fact, tx }: FactContext) {
    await tx.query(
      `INSERT INTO sales AS s (generation, day, currency, refunds, refunded_minor)
       VALUES ($1, ($2::timestamptz AT TIME ZONE 'UTC')::date, $3, 1, $4)
       ON CONFLICT (generation, day, currency) DO UPDATE
       SET refunds = s.refunds + 1, refunded_minor = s.refunded_minor + excluded.refunded_minor`,
      [generationOf(consumer), fact.time, amount.currency, amount.amountMinor],
    );
  }
}
