import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { FactType, PaymentAuthorized } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { notePaymentAuthorized } from '../domain/order.ts';
import { OrderRepository } from '../order.repository.ts';
import { ORDER } from '../order.transports.ts';

@Controller()
export class ConfirmOrderOnPaymentAuthorized {
  constructor(private readonly orders: OrderRepository) {}

  @EventPattern<FactType>('PaymentAuthorized', ORDER)
  async note(@Payload() { orderId }: PaymentAuthorized, @Ctx() ctx: FactContext) {
    await this.orders.change(ctx.tx, orderId, notePaymentAuthorized);
  }
}
