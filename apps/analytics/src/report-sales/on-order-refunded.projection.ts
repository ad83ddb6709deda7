import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { type FactType, generationOf, type OrderRefunded } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { SALES } from '../analytics.transports.ts';

/** On the day of the refund; what was sold on the day of the sale stays as it was. */
@Controller()
export class CountRefundOnOrderRefunded {
  @EventPattern<FactType>('OrderRefunded', SALES)
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
