import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import type { RefundRequested } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { OnFact } from '@cartwheel/service';
import { requestRefund } from '../domain/payment.ts';
import { PaymentRepository } from '../payment.repository.ts';

@Controller()
export class RefundPaymentOnRefundRequested {
  constructor(private readonly payments: PaymentRepository) {}

  @OnFact('RefundRequested')
  async refund(@Payload() { orderId }: RefundRequested, @Ctx() ctx: FactContext) {
    const payment = await this.payments.loadByOrder(ctx.tx, orderId);
    await this.payments.save(ctx.tx, payment && requestRefund(payment));
  }
}
