import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import type { PaymentRefunded } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { OnFact } from '@cartwheel/service';
import { notePaymentRefunded } from '../domain/order.ts';
import { OrderRepository } from '../order.repository.ts';

@Controller()
export class RefundOrderOnPaymentRefunded {
  constructor(private readonly orders: OrderRepository) {}

  @OnFact('PaymentRefunded')
  async refund(@Payload() { orderId }: PaymentRefunded, @Ctx() ctx: FactContext) {
    await this.orders.change(ctx.tx, orderId, notePaymentRefunded);
  }
}
