import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { FactType, OrderCompleted } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { EMAIL } from '../email.transports.ts';
import { RequestEmail } from '../request-email.ts';

@Controller()
export class RequestReceiptOnOrderCompleted {
  constructor(private readonly requestEmail: RequestEmail) {}

  @EventPattern<FactType>('OrderCompleted', EMAIL)
  async request(@Payload() { orderId }: OrderCompleted, @Ctx() ctx: FactContext) {
    await this.requestEmail.execute(ctx.tx, orderId, 'receipt');
  }
}
