import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { FactType, OrderRefunded } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { EMAIL } from '../email.transports.ts';
import { RequestEmail } from '../request-email.ts';

@Controller()
export class RequestRefundDoneOnOrderRefunded {
  constructor(private readonly requestEmail: RequestEmail) {}

  @EventPattern<FactType>('OrderRefunded', EMAIL)
  async request(@Payload() { orderId, amount }: OrderRefunded, @Ctx() ctx: FactContext) {
    await this.requestEmail.execute(ctx.tx, orderId, 'refund-done', { amount });
  }
}
