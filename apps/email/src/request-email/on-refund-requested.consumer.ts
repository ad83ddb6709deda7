import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import type { RefundRequested } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { OnFact } from '@cartwheel/service';
import { RequestEmail } from '../request-email.ts';

@Controller()
export class RequestRefundBegunOnRefundRequested {
  constructor(private readonly requestEmail: RequestEmail) {}

  @OnFact('RefundRequested')
  async request(@Payload() { orderId, amount }: RefundRequested, @Ctx() ctx: FactContext) {
    await this.requestEmail.execute(ctx.tx, orderId, 'refund-begun', { amount });
  }
}
