import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import type { PaymentAuthorized } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { OnFact } from '@cartwheel/service';
import { notePaymentAuthorized } from '../domain/order.ts';
import { OrderRepository } from '../order.repository.ts';

@Controller()
export class ConfirmOrderOnPaymentAuthorized {
  constructor(private readonly orders: OrderRepository) {}

  @OnFact('PaymentAuthorized')
  async note(@Payload() { orderId }: PaymentAuthorized, @Ctx() ctx: FactContext) {
    await this.orders.change(ctx.tx, orderId, notePaymentAuthorized);
  }
}
