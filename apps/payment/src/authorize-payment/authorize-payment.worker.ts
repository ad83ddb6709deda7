import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import type { AuthorizePayment } from '@cartwheel/contracts';
import type { TaskContext } from '@cartwheel/inbox';
import { OnTask } from '@cartwheel/service';
import { Permanent, Transient } from '@cartwheel/primitives';
import { type Answer, noteNotCreated, reasonOf } from '../domain/answer.ts';
import { attempt, noteNeverCreated, type Payment, recordIntent } from '../domain/payment.ts';
import { type Created, PaymentGateway } from '../gateway/payment-gateway.ts';
import { PaymentRepository } from '../payment.repository.ts';

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
  @OnTask('AuthorizePayment')
  async authorize(@Payload() { paymentId }: AuthorizePayment, @Ctx() ctx: TaskContext) {
    const due = await ctx.transaction((tx) => this.payments.load(tx, paymentId));
    if (due?.state !== 'authorizing') return;
    const payment = due.intentId === undefined ? await this.createIntent(due, ctx) : due;
    if (payment?.state !== 'authorizing') return;

    const answer = await this.confirm(payment, ctx);
    await ctx.finish(async (tx) => {
      // While the gateway kept us waiting a webhook may have brought the payment all the way.
      const settled = await this.payments.settle(tx, paymentId, answer.intent);
      if (settled?.state !== 'authorizing') return;
      if (answer.intent.kind === 'captured') throw new Permanent('the intent was captured before anybody asked for it');
      throw new Transient(reasonOf(answer));
    });
  }

  /** The payment with the intent to confirm, or as it was found when it is not due any more. */
  private async createIntent(due: Payment, ctx: TaskContext): Promise<Payment | undefined> {
    const created = await this.gateway.create(due);
    if (created.kind === 'failed') return this.endWithout(due, created, ctx);
    return ctx.transaction(async (tx) => {
      const current = await this.payments.load(tx, due.paymentId);
      const recorded = current && recordIntent(current, created.intentId);
      if (recorded) await this.payments.saveProgress(tx, recorded);
      return recorded ?? current;
    });
  }

  /** A request that will never be accepted is declined: no intent exists. Everything else is asked again. */
  private async endWithout(
    due: Payment,
    { failure }: Created & { kind: 'failed' },
    ctx: TaskContext,
  ): Promise<undefined> {
    const { paymentId } = due;
    await ctx.transaction(async (tx) => {
      const current = await this.payments.load(tx, paymentId);
      const raised = current && noteNotCreated(current, attempt(due, 'create').n, failure);
      if (raised) await this.payments.saveProgress(tx, raised);
    });
    if (failure.kind !== 'refused') throw new Transient(failure.code);
    await ctx.finish(async (tx) => {
      const current = await this.payments.load(tx, paymentId);
      const declined = current && noteNeverCreated(current, failure.code);
      if (!declined && current?.state === 'authorizing') throw new Transient('another worker has recorded an intent');
      await this.payments.save(tx, declined);
    });
  }

  private async confirm(payment: Payment, ctx: TaskContext): Promise<Answer> {
    const answer = await this.gateway.authorize(payment);
    const asked = await this.payments.noteAttempt(ctx, payment, 'authorize', answer);
    if (answer.intent.kind !== 'requires-action') return answer;
    // Nobody is there to prove who they are: the intent is given up, and only then called declined.
    const given = await this.gateway.cancel(asked);
    await this.payments.noteAttempt(ctx, asked, 'void', given);
    return given.intent.kind === 'canceled' ? { intent: { kind: 'declined', code: 'authentication_required' } } : given;
  }
}
