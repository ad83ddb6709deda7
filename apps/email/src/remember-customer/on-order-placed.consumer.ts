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
    const totalMinor = String(total.amountMinor);
    await this.requestEmail.remember(ctx.tx, { orderId, ...customer, items, totalMinor, currency: total.currency });
  }
}
