import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { FactType, RefundRequested } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { requestRefund } from '../domain/payment.ts';
import { PaymentRepository } from '../payment.repository.ts';
import { PAYMENT } from '../payment.transports.ts';

@Controller()
export class RefundPaymentOnRefundRequested {
  constructor(private readonly payments: PaymentRepository) {}

  @EventPattern<FactType>('RefundRequested', PAYMENT)
  async refund(@Payload() { orderId }: RefundRequested, @Ctx() ctx: FactContext) {
    const payment = await this.payments.loadByOrder(ctx.tx, orderId);
    await this.payments.save(ctx.tx, payment && requestRefund(payment));
  }
}
