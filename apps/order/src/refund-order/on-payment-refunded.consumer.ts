import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { FactType, PaymentRefunded } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { notePaymentRefunded } from '../domain/order.ts';
import { OrderRepository } from '../order.repository.ts';
import { ORDER } from '../order.transports.ts';

@Controller()
export class RefundOrderOnPaymentRefunded {
  constructor(private readonly orders: OrderRepository) {}

  @EventPattern<FactType>('PaymentRefunded', ORDER)
  async refund(@Payload() { orderId }: PaymentRefunded, @Ctx() ctx: FactContext) {
    await this.orders.change(ctx.tx, orderId, notePaymentRefunded);
  }
}
