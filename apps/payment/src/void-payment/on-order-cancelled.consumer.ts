import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { FactType, OrderCancelled } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { requestVoid } from '../domain/payment.ts';
import { PaymentRepository } from '../payment.repository.ts';
import { PAYMENT } from '../payment.transports.ts';

@Controller()
export class VoidPaymentOnOrderCancelled {
  constructor(private readonly payments: PaymentRepository) {}

  @EventPattern<FactType>('OrderCancelled', PAYMENT)
  async void(@Payload() { orderId }: OrderCancelled, @Ctx() ctx: FactContext) {
    const payment = await this.payments.loadByOrder(ctx.tx, orderId);
    // A topic that got more partitions may show the cancellation before OrderPlaced.
    if (!payment) return this.payments.rememberCancelled(ctx.tx, orderId);
    await this.payments.save(ctx.tx, requestVoid(payment));
  }
}
