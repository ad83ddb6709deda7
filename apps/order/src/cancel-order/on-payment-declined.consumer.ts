import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import type { PaymentDeclined } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { OnFact } from '@cartwheel/service';
import { notePaymentDeclined } from '../domain/order.ts';
import { OrderRepository } from '../order.repository.ts';

@Controller()
export class CancelOrderOnPaymentDeclined {
  constructor(private readonly orders: OrderRepository) {}

  @OnFact('PaymentDeclined')
  async cancel(@Payload() { orderId }: PaymentDeclined, @Ctx() ctx: FactContext) {
    await this.orders.change(ctx.tx, orderId, notePaymentDeclined);
  }
}
