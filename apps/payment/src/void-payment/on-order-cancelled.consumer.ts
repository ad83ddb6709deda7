import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import type { OrderCancelled } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { OnFact } from '@cartwheel/service';
import { requestVoid } from '../domain/payment.ts';
import { PaymentRepository } from '../payment.repository.ts';

@Controller()
export class VoidPaymentOnOrderCancelled {
  constructor(private readonly payments: PaymentRepository) {}

  @OnFact('OrderCancelled')
  async void(@Payload() { orderId }: OrderCancelled, @Ctx() ctx: FactContext) {
    const payment = await this.payments.loadByOrder(ctx.tx, orderId);
    // A topic that got more partitions may show the cancellation before OrderPlaced.
    if (!payment) return this.payments.rememberCancelled(ctx.tx, orderId);
    await this.payments.save(ctx.tx, requestVoid(payment));
  }
}
