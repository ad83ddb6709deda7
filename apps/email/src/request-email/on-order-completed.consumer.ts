import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import type { OrderCompleted } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { OnFact } from '@cartwheel/service';
import { RequestEmail } from '../request-email.ts';

@Controller()
export class RequestReceiptOnOrderCompleted {
  constructor(private readonly requestEmail: RequestEmail) {}

  @OnFact('OrderCompleted')
  async request(@Payload() { orderId }: OrderCompleted, @Ctx() ctx: FactContext) {
    await this.requestEmail.execute(ctx.tx, orderId, 'receipt');
  }
}
