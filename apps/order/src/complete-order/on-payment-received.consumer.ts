import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import type { PaymentReceived } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { OnFact } from '@cartwheel/service';
import { notePaymentReceived } from '../domain/order.ts';
import { OrderRepository } from '../order.repository.ts';

@Controller()
export class CompleteOrderOnPaymentReceived {
  constructor(private readonly orders: OrderRepository) {}

  @OnFact('PaymentReceived')
  async complete(@Payload() { orderId }: PaymentReceived, @Ctx() ctx: FactContext) {
    await this.orders.change(ctx.tx, orderId, notePaymentReceived);
  }
}
