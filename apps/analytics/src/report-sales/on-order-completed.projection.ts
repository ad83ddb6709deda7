import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { generationOf, type OrderCompleted } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { OnFact } from '@cartwheel/service';

@Controller()
export class CountSaleOnOrderCompleted {
  @OnFact('OrderCompleted', 'analytics.sales')
  async count(@Payload() { total }: OrderCompleted, @Ctx() { consumer, fact, tx }: FactContext) {
    await tx.query(
      `INSERT INTO sales AS s (generation, day, currency, orders, revenue_minor)
       VALUES ($1, ($2::timestamptz AT TIME ZONE 'UTC')::date, $3, 1, $4)
       ON CONFLICT (generation, day, currency) DO UPDATE
       SET orders = s.orders + 1, revenue_minor = s.revenue_minor + excluded.revenue_minor`,
      [generationOf(consumer), fact.time, total.currency, total.amountMinor],
    );
  }
}
