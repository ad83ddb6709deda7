import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { FactType, OrderPlaced } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { EMAIL } from '../email.transports.ts';
import { RequestEmail } from '../request-email.ts';

@Controller()
export class RememberCustomerOnOrderPlaced {
  constructor(private readonly requestEmail: RequestEmail) {}

  @EventPattern<FactType>('OrderPlaced', EMAIL)
  async remember(@Payload() { orderId, customer, items, total }: OrderPlaced, @Ctx() ctx: FactContext) {
    await ctx.tx.query(
      'INSERT INTO addressees (order_id, name, email, items, total_minor, currency) VALUES ($1, $2, $3, $4, $5, $6)',
      [orderId, customer.name, customer.email, JSON.stringify(items), total.amountMinor, total.currency],
    );
    await this.requestEmail.release(ctx.tx, orderId);
  }
}
