import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import type { OrderConfirmed } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { OnFact } from '@cartwheel/service';
import { requestCapture } from '../domain/payment.ts';
import { PaymentRepository } from '../payment.repository.ts';

@Controller()
export class CapturePaymentOnOrderConfirmed {
  constructor(private readonly payments: PaymentRepository) {}

  @OnFact('OrderConfirmed')
  async capture(@Payload() { orderId }: OrderConfirmed, @Ctx() ctx: FactContext) {
    const payment = await this.payments.loadByOrder(ctx.tx, orderId);
    await this.payments.save(ctx.tx, payment && requestCapture(payment));
  }
}
