import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { TaskType, VoidPayment } from '@cartwheel/contracts';
import type { TaskContext } from '@cartwheel/inbox';
import { Permanent, Transient } from '@cartwheel/primitives';
import { noteVoided } from '../domain/payment.ts';
import { type IntentState, PaymentGateway } from '../gateway/payment-gateway.ts';
import { PaymentRepository } from '../payment.repository.ts';
import { CARD_TASKS } from '../payment.transports.ts';

@Controller()
export class VoidPaymentWorker {
  constructor(
    private readonly payments: PaymentRepository,
    private readonly gateway: PaymentGateway,
  ) {}

  @EventPattern<TaskType>('VoidPayment', CARD_TASKS)
  async void(@Payload() { paymentId }: VoidPayment, @Ctx() ctx: TaskContext) {
    const payment = await ctx.transaction((tx) => this.payments.load(tx, paymentId));
    if (payment?.state !== 'voiding') return;
    assertCanceled(await this.gateway.cancel(payment));
    await ctx.finish(async (tx) => {
      const current = await this.payments.load(tx, paymentId);
      await this.payments.save(tx, current && noteVoided(current));
    });
  }
}

function assertCanceled(outcome: IntentState): void {
  if (outcome.kind === 'canceled') return;
  if (outcome.kind === 'captured') throw new Permanent('the intent is captured: it can only be refunded');
  throw new Transient(outcome.kind === 'unknown' ? outcome.reason : 'the gateway has not canceled yet');
}
