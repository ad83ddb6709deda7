import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { FactType, PaymentDeclined } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { notePaymentDeclined } from '../domain/order.ts';
import { OrderRepository } from '../order.repository.ts';
import { ORDER } from '../order.transports.ts';

@Controller()
export class CancelOrderOnPaymentDeclined {
  constructor(private readonly orders: OrderRepository) {}

  @EventPattern<FactType>('PaymentDeclined', ORDER)
  async cancel(@Payload() { orderId }: PaymentDeclined, @Ctx() ctx: FactContext) {
    await this.orders.change(ctx.tx, orderId, notePaymentDeclined);
  }
}
