import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { type FactType, generationOf, type OrderCompleted } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { TOP_PRODUCTS } from '../analytics.transports.ts';

@Controller()
export class CountLinesOnOrderCompleted {
  @EventPattern<FactType>('OrderCompleted', TOP_PRODUCTS)
  async count(@Payload() { orderId }: OrderCompleted, @Ctx() { consumer, fact, tx }: FactContext) {
    await tx.query(
      `UPDATE product_lines SET completed_on = ($3::timestamptz AT TIME ZONE 'UTC')::date
       WHERE generation = $1 AND order_id = $2`,
      [generationOf(consumer), orderId, fact.time],
    );
  }
}
