import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import type { RefundPayment } from '@cartwheel/contracts';
import type { TaskContext } from '@cartwheel/inbox';
import { OnTask } from '@cartwheel/service';
import { Transient } from '@cartwheel/primitives';
import { type Answer, reasonOf } from '../domain/answer.ts';
import { PaymentGateway } from '../gateway/payment-gateway.ts';
import { PaymentRepository } from '../payment.repository.ts';

@Controller()
export class RefundPaymentWorker {
  constructor(
    private readonly payments: PaymentRepository,
    private readonly gateway: PaymentGateway,
  ) {}

  @OnTask('RefundPayment')
  async refund(@Payload() { paymentId }: RefundPayment, @Ctx() ctx: TaskContext) {
    const payment = await ctx.transaction((tx) => this.payments.load(tx, paymentId));
    if (payment?.state !== 'refunding') return;
    const answer = await this.gateway.refund(payment);
    await this.payments.noteAttempt(ctx, payment, 'refund', answer);
    await ctx.finish(async (tx) => {
      const settled = await this.payments.settle(tx, paymentId, answer.intent);
      if (settled?.state === 'refunding') {
        throw isRefusal(answer) ? new RefundFailed(answer) : new Transient(reasonOf(answer));
      }
    });
  }
}

/** Unlike an outage it uses up the task's attempts: the money has to go back, and in the end a person has to see to it. */
class RefundFailed extends Error {
  override readonly name = 'RefundFailed';

  constructor(answer: Answer) {
    super(`the gateway does not refund: ${reasonOf(answer)}`);
  }
}

function isRefusal({ intent, failure }: Answer): boolean {
  return intent.kind === 'refund-failed' || failure?.kind === 'refused';
}
