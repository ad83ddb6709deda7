import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { AuthorizePayment, TaskType } from '@cartwheel/contracts';
import type { TaskContext } from '@cartwheel/inbox';
import { Permanent, Transient } from '@cartwheel/primitives';
import { noteAuthorized, noteDeclined, type Payment, recordIntent } from '../domain/payment.ts';
import { type IntentState, PaymentGateway } from '../gateway/payment-gateway.ts';
import { PaymentRepository } from '../payment.repository.ts';
import { CARD_TASKS } from '../payment.transports.ts';

@Controller()
export class AuthorizePaymentWorker {
  constructor(
    private readonly payments: PaymentRepository,
    private readonly gateway: PaymentGateway,
  ) {}

  /**
   * Create the intent unconfirmed · write its id down under the payment's lock, unless a void came first · confirm. A void
   * therefore always knows the intent that may hold money.
   */
  @EventPattern<TaskType>('AuthorizePayment', CARD_TASKS)
  async authorize(@Payload() { paymentId }: AuthorizePayment, @Ctx() ctx: TaskContext) {
    const due = await ctx.transaction((tx) => this.payments.load(tx, paymentId));
    if (due?.state !== 'authorizing') return;
    const payment = due.intentId === undefined ? await this.createIntent(due, ctx) : due;
    if (!payment) return;

    const outcome = await this.confirm(payment);
    await ctx.finish(async (tx) => {
      const current = await this.payments.load(tx, paymentId);
      await this.payments.save(tx, current && noteOutcome(current, outcome));
    });
  }

  private async createIntent(due: Payment, ctx: TaskContext): Promise<Payment | undefined> {
    const created = await this.gateway.create(due);
    if (created.kind === 'unknown') throw new Transient(created.reason);
    if (created.kind === 'refused') {
      await ctx.finish(async (tx) => {
        const current = await this.payments.load(tx, due.paymentId);
        await this.payments.save(tx, current && noteDeclined(current, created.code));
      });
      return undefined;
    }
    return ctx.transaction(async (tx) => {
      const current = await this.payments.load(tx, due.paymentId);
      const recorded = current && recordIntent(current, created.intentId);
      if (recorded) await this.payments.saveIntent(tx, recorded);
      return recorded;
    });
  }

  private async confirm(payment: Payment): Promise<IntentState> {
    const outcome = await this.gateway.authorize(payment);
    if (outcome.kind !== 'requires-action') return outcome;
    // Nobody is there to prove who they are: the intent is given up, and only then called declined.
    const given = await this.gateway.cancel(payment);
    return given.kind === 'canceled' ? { kind: 'declined', code: 'authentication_required' } : given;
  }
}

function noteOutcome(payment: Payment, outcome: IntentState): Payment | undefined {
  switch (outcome.kind) {
    case 'authorized':
      return noteAuthorized(payment);
    case 'declined':
      return noteDeclined(payment, outcome.code);
    case 'canceled':
      // A void was faster, and its own task says so. Canceled by anybody else, no money is held either.
      return noteDeclined(payment, 'canceled');
    case 'pending':
    case 'requires-action':
      throw new Transient('the gateway has not decided yet');
    case 'unknown':
      throw new Transient(outcome.reason);
    case 'captured':
      throw new Permanent('the intent was captured before anybody asked for it');
  }
}
