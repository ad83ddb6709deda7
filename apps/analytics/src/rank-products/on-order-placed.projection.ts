import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { generationOf, type OrderPlaced } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { OnFact } from '@cartwheel/service';

/** Other facts do not say what was ordered: the lines wait here until the order is completed, or the end waits for them. */
@Controller()
export class KeepLinesOnOrderPlaced {
  @OnFact('OrderPlaced', 'analytics.top-products')
  async keep(@Payload() { orderId, items }: OrderPlaced, @Ctx() { consumer, tx }: FactContext) {
    const [early] = await tx.query<{ completed_on: string | null }>(
      `DELETE FROM product_lines WHERE generation = $1 AND order_id = $2 AND sku = '' RETURNING completed_on::text`,
      [generationOf(consumer), orderId],
    );
    // Its cancellation was read first.
    if (early?.completed_on === null) return;
    const lines = items.map(({ sku, quantity, unitPrice }) => ({ sku, quantity, ...unitPrice }));
    await tx.query(
      `INSERT INTO product_lines (generation, order_id, sku, currency, quantity, revenue_minor, completed_on)
       SELECT $1, $2, sku, currency, sum(quantity), sum(quantity * "amountMinor"), $4
       FROM jsonb_to_recordset($3::jsonb) AS l(sku text, currency text, quantity bigint, "amountMinor" bigint)
       GROUP BY sku, currency`,
      [generationOf(consumer), orderId, JSON.stringify(lines), early?.completed_on ?? null],
    );
  }
}
