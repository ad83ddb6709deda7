import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { generationOf, type OrderCancelled } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { OnFact } from '@cartwheel/service';

@Controller()
export class ForgetLinesOnOrderCancelled {
  @OnFact('OrderCancelled', 'analytics.top-products')
  async forget(@Payload() { orderId }: OrderCancelled, @Ctx() { consumer, tx }: FactContext) {
    const key = [generationOf(consumer), orderId];
    const lines = await tx.query(
      'DELETE FROM product_lines WHERE generation = $1 AND order_id = $2 RETURNING order_id',
      key,
    );
    if (lines.length > 0) return;
    // OrderPlaced is still to come.
    await tx.query(
      `INSERT INTO product_lines (generation, order_id, sku, currency, quantity, revenue_minor) VALUES ($1, $2, '', '', 0, 0)`,
      key,
    );
  }
}
