import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { FactType, PaymentCaptureFailed } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { notePaymentCaptureFailed } from '../domain/order.ts';
import { OrderRepository } from '../order.repository.ts';
import { ORDER } from '../order.transports.ts';

@Controller()
export class CancelOrderOnPaymentCaptureFailed {
  constructor(private readonly orders: OrderRepository) {}

  @EventPattern<FactType>('PaymentCaptureFailed', ORDER)
  async cancel(@Payload() { orderId }: PaymentCaptureFailed, @Ctx() ctx: FactContext) {
    await this.orders.change(ctx.tx, orderId, notePaymentCaptureFailed);
  }
}
