import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import type { OrderConfirmed } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { OnFact } from '@cartwheel/service';
import { RequestEmail } from '../request-email.ts';

@Controller()
export class RequestConfirmationOnOrderConfirmed {
  constructor(private readonly requestEmail: RequestEmail) {}

  @OnFact('OrderConfirmed')
  async request(@Payload() { orderId }: OrderConfirmed, @Ctx() ctx: FactContext) {
    await this.requestEmail.execute(ctx.tx, orderId, 'confirmation');
  }
}
