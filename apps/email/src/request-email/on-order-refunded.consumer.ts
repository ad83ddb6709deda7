import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import type { OrderRefunded } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { OnFact } from '@cartwheel/service';
import { RequestEmail } from '../request-email.ts';

@Controller()
export class RequestRefundDoneOnOrderRefunded {
  constructor(private readonly requestEmail: RequestEmail) {}

  @OnFact('OrderRefunded')
  async request(@Payload() { orderId, amount }: OrderRefunded, @Ctx() ctx: FactContext) {
    await this.requestEmail.execute(ctx.tx, orderId, 'refund-done', { amount });
  }
}
