import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { FactType, OrderConfirmed } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { requestCapture } from '../domain/payment.ts';
import { PaymentRepository } from '../payment.repository.ts';
import { PAYMENT } from '../payment.transports.ts';

@Controller()
export class CapturePaymentOnOrderConfirmed {
  constructor(private readonly payments: PaymentRepository) {}

  @EventPattern<FactType>('OrderConfirmed', PAYMENT)
  async capture(@Payload() { orderId }: OrderConfirmed, @Ctx() ctx: FactContext) {
    const payment = await this.payments.loadByOrder(ctx.tx, orderId);
    await this.payments.save(ctx.tx, payment && requestCapture(payment));
  }
}
