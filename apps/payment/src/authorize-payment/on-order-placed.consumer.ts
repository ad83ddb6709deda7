import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { FactType, OrderPlaced } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { newId } from '@cartwheel/primitives';
import { begin, requestVoid } from '../domain/payment.ts';
import { PaymentRepository } from '../payment.repository.ts';
import { PAYMENT } from '../payment.transports.ts';

@Controller()
export class AuthorizePaymentOnOrderPlaced {
  constructor(private readonly payments: PaymentRepository) {}

  @EventPattern<FactType>('OrderPlaced', PAYMENT)
  async authorize(@Payload() { orderId, total, paymentMethod }: OrderPlaced, @Ctx() ctx: FactContext) {
    const payment = begin({ paymentId: newId(), orderId, amount: total, paymentMethod });
    const isCancelled = await this.payments.wasCancelled(ctx.tx, orderId);
    await this.payments.add(ctx.tx, (isCancelled && requestVoid(payment)) || payment);
  }
}
