import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { FactType, OrderConfirmed } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { EMAIL } from '../email.transports.ts';
import { RequestEmail } from '../request-email.ts';

@Controller()
export class RequestConfirmationOnOrderConfirmed {
  constructor(private readonly requestEmail: RequestEmail) {}

  @EventPattern<FactType>('OrderConfirmed', EMAIL)
  async request(@Payload() { orderId }: OrderConfirmed, @Ctx() ctx: FactContext) {
    await this.requestEmail.execute(ctx.tx, orderId, 'confirmation');
  }
}
