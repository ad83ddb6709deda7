import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { FactType, RefundRequested } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { EMAIL } from '../email.transports.ts';
import { RequestEmail } from '../request-email.ts';

@Controller()
export class RequestRefundBegunOnRefundRequested {
  constructor(private readonly requestEmail: RequestEmail) {}

  @EventPattern<FactType>('RefundRequested', EMAIL)
  async request(@Payload() { orderId, amount }: RefundRequested, @Ctx() ctx: FactContext) {
    await this.requestEmail.execute(ctx.tx, orderId, 'refund-begun', { amount });
  }
}
