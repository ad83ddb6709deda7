import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { CapturePayment, TaskType } from '@cartwheel/contracts';
import type { TaskContext } from '@cartwheel/inbox';
import { Transient } from '@cartwheel/primitives';
import { noteCaptured, noteCaptureFailed, type Payment } from '../domain/payment.ts';
import { type IntentState, PaymentGateway } from '../gateway/payment-gateway.ts';
import { PaymentRepository } from '../payment.repository.ts';
import { CARD_TASKS } from '../payment.transports.ts';

@Controller()
export class CapturePaymentWorker {
  constructor(
    private readonly payments: PaymentRepository,
    private readonly gateway: PaymentGateway,
  ) {}

  @EventPattern<TaskType>('CapturePayment', CARD_TASKS)
  async capture(@Payload() { paymentId }: CapturePayment, @Ctx() ctx: TaskContext) {
    const payment = await ctx.transaction((tx) => this.payments.load(tx, paymentId));
    if (payment?.state !== 'capturing') return;
    const outcome = await this.gateway.capture(payment);
    await ctx.finish(async (tx) => {
      const current = await this.payments.load(tx, paymentId);
      await this.payments.save(tx, current && noteOutcome(current, outcome));
    });
  }
}

function noteOutcome(payment: Payment, outcome: IntentState): Payment | undefined {
  switch (outcome.kind) {
    case 'captured':
      return noteCaptured(payment);
    case 'canceled':
      return noteCaptureFailed(payment, 'canceled');
    case 'unknown':
      throw new Transient(outcome.reason);
    case 'authorized':
    case 'declined':
    case 'pending':
    case 'requires-action':
      throw new Transient('the gateway has not captured yet');
  }
}
