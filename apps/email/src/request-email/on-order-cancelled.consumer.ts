import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import type { OrderCancelled } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { OnFact } from '@cartwheel/service';
import { RequestEmail } from '../request-email.ts';

@Controller()
export class RequestCancellationOnOrderCancelled {
  constructor(private readonly requestEmail: RequestEmail) {}

  @OnFact('OrderCancelled')
  async request(@Payload() { orderId, reason }: OrderCancelled, @Ctx() ctx: FactContext) {
    await this.requestEmail.execute(ctx.tx, orderId, 'cancellation', { reason });
  }
}
