import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import type { OrderPlaced } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { OnFact } from '@cartwheel/service';
import { RequestEmail } from '../request-email.ts';

@Controller()
export class RememberCustomerOnOrderPlaced {
  constructor(private readonly requestEmail: RequestEmail) {}

  @OnFact('OrderPlaced')
  async remember(@Payload() { orderId, customer, items, total }: OrderPlaced, @Ctx() ctx: FactContext) {
    const totalMinor = String(total.amountMinor);
    await this.requestEmail.remember(ctx.tx, { orderId, ...customer, items, totalMinor, currency: total.currency });
  }
}
