import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import type { VoidPayment } from '@cartwheel/contracts';
import type { TaskContext } from '@cartwheel/inbox';
import { OnTask } from '@cartwheel/service';
import { Permanent, Transient } from '@cartwheel/primitives';
import { reasonOf } from '../domain/answer.ts';
import { PaymentGateway } from '../gateway/payment-gateway.ts';
import { PaymentRepository } from '../payment.repository.ts';

@Controller()
export class VoidPaymentWorker {
  constructor(
    private readonly payments: PaymentRepository,
    private readonly gateway: PaymentGateway,
  ) {}

  @OnTask('VoidPayment')
  async void(@Payload() { paymentId }: VoidPayment, @Ctx() ctx: TaskContext) {
    const payment = await ctx.transaction((tx) => this.payments.load(tx, paymentId));
    if (payment?.state !== 'voiding') return;
    const answer = await this.gateway.cancel(payment);
    await this.payments.noteAttempt(ctx, payment, 'void', answer);
    if (answer.intent.kind === 'captured') throw new Permanent('the intent is captured: it can only be refunded');
    await ctx.finish(async (tx) => {
      const settled = await this.payments.settle(tx, paymentId, answer.intent);
      if (settled?.state === 'voiding') throw new Transient(reasonOf(answer));
    });
  }
}
