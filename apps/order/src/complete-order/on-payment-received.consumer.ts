import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { FactType, PaymentReceived } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { notePaymentReceived } from '../domain/order.ts';
import { OrderRepository } from '../order.repository.ts';
import { ORDER } from '../order.transports.ts';

@Controller()
export class CompleteOrderOnPaymentReceived {
  constructor(private readonly orders: OrderRepository) {}

  @EventPattern<FactType>('PaymentReceived', ORDER)
  async complete(@Payload() { orderId }: PaymentReceived, @Ctx() ctx: FactContext) {
    await this.orders.change(ctx.tx, orderId, notePaymentReceived);
  }
}
