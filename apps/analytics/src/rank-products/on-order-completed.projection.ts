import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { generationOf, type OrderCompleted } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { OnFact } from '@cartwheel/service';

@Controller()
export class CountLinesOnOrderCompleted {
  @OnFact('OrderCompleted', 'analytics.top-products')
  async count(@Payload() { orderId }: OrderCompleted, @Ctx() { consumer, fact, tx }: FactContext) {
    const completion = [generationOf(consumer), orderId, fact.time];
    const lines = await tx.query(
      `UPDATE product_lines SET completed_on = ($3::timestamptz AT TIME ZONE 'UTC')::date
       WHERE generation = $1 AND order_id = $2 RETURNING order_id`,
      completion,
    );
    if (lines.length > 0) return;
    // OrderPlaced is still to come.
    await tx.query(
      `INSERT INTO product_lines (generation, order_id, sku, currency, quantity, revenue_minor, completed_on)
       VALUES ($1, $2, '', '', 0, 0, ($3::timestamptz AT TIME ZONE 'UTC')::date)`,
      completion,
    );
  }
}
