import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { FactType, OrderCancelled } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { EMAIL } from '../email.transports.ts';
import { RequestEmail } from '../request-email.ts';

@Controller()
export class RequestCancellationOnOrderCancelled {
  constructor(private readonly requestEmail: RequestEmail) {}

  @EventPattern<FactType>('OrderCancelled', EMAIL)
  async request(@Payload() { orderId, reason }: OrderCancelled, @Ctx() ctx: FactContext) {
    await this.requestEmail.execute(ctx.tx, orderId, 'cancellation', { reason });
  }
}
