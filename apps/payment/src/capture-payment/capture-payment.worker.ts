import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import type { CapturePayment } from '@cartwheel/contracts';
import type { TaskContext } from '@cartwheel/inbox';
import { OnTask } from '@cartwheel/service';
import { Transient } from '@cartwheel/primitives';
import { type Answer, isRefusedForGood, reasonOf } from '../domain/answer.ts';
import type { Payment } from '../domain/payment.ts';
import { PaymentGateway } from '../gateway/payment-gateway.ts';
import { PaymentRepository } from '../payment.repository.ts';

@Controller()
export class CapturePaymentWorker {
  constructor(
    private readonly payments: PaymentRepository,
    private readonly gateway: PaymentGateway,
  ) {}

  /**
   * Capture. Refused for good: cancel the intent, so that the gateway itself says that no money is held, and only then call
   * the capture failed. A gateway that does not answer has not refused anything: the task waits.
   */
  @OnTask('CapturePayment')
  async capture(@Payload() { paymentId }: CapturePayment, @Ctx() ctx: TaskContext) {
    const due = await ctx.transaction((tx) => this.payments.load(tx, paymentId));
    if (due?.state !== 'capturing') return;
    const answer = await this.captureOrCancel(due, ctx);
    await ctx.finish(async (tx) => {
      const settled = await this.payments.settle(tx, paymentId, answer.intent);
      if (settled?.state === 'capturing') throw new Transient(reasonOf(answer));
    });
  }

  private async captureOrCancel(due: Payment, ctx: TaskContext): Promise<Answer> {
    if (isRefusedForGood(due)) return this.cancel(due, ctx);
    const answer = await this.gateway.capture(due);
    const noted = await this.payments.noteAttempt(ctx, due, 'capture', answer);
    return isRefusedForGood(noted) ? this.cancel(noted, ctx) : answer;
  }

  private async cancel(payment: Payment, ctx: TaskContext): Promise<Answer> {
    const answer = await this.gateway.cancel(payment);
    await this.payments.noteAttempt(ctx, payment, 'void', answer);
    return answer;
  }
}
