import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import type { PaymentCaptureFailed } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { OnFact } from '@cartwheel/service';
import { notePaymentCaptureFailed } from '../domain/order.ts';
import { OrderRepository } from '../order.repository.ts';

@Controller()
export class CancelOrderOnPaymentCaptureFailed {
  constructor(private readonly orders: OrderRepository) {}

  @OnFact('PaymentCaptureFailed')
  async cancel(@Payload() { orderId }: PaymentCaptureFailed, @Ctx() ctx: FactContext) {
    await this.orders.change(ctx.tx, orderId, notePaymentCaptureFailed);
  }
}
