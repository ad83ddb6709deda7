import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { type FactType, generationOf, type OrderPlaced } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { TOP_PRODUCTS } from '../analytics.transports.ts';

/** Later facts do not say what was ordered: the lines wait here until the order is completed. */
@Controller()
export class KeepLinesOnOrderPlaced {
  @EventPattern<FactType>('OrderPlaced', TOP_PRODUCTS)
  async keep(@Payload() { orderId, items }: OrderPlaced, @Ctx() { consumer, tx }: FactContext) {
    const lines = items.map(({ sku, quantity, unitPrice }) => ({ sku, quantity, ...unitPrice }));
    await tx.query(
      `INSERT INTO product_lines (generation, order_id, sku, currency, quantity, revenue_minor)
       SELECT $1, $2, sku, currency, sum(quantity), sum(quantity * "amountMinor")
       FROM jsonb_to_recordset($3::jsonb) AS l(sku text, currency text, quantity bigint, "amountMinor" bigint)
       GROUP BY sku, currency`,
      [generationOf(consumer), orderId, JSON.stringify(lines)],
    );
  }
}
