import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import type { OrderPlaced } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { OnFact } from '@cartwheel/service';
import { newId } from '@cartwheel/primitives';
import { begin, requestVoid } from '../domain/payment.ts';
import { PaymentRepository } from '../payment.repository.ts';

@Controller()
export class AuthorizePaymentOnOrderPlaced {
  constructor(private readonly payments: PaymentRepository) {}

  @OnFact('OrderPlaced')
  async authorize(@Payload() { orderId, total, paymentMethod }: OrderPlaced, @Ctx() ctx: FactContext) {
    const payment = begin({ paymentId: newId(), orderId, amount: total, paymentMethod });
    const isCancelled = await this.payments.wasCancelled(ctx.tx, orderId);
    await this.payments.add(ctx.tx, (isCancelled && requestVoid(payment)) || payment);
  }
}
