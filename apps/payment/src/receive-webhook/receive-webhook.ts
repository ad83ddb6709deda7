import { Inject, Injectable } from '@nestjs/common';
import { claim } from '@cartwheel/inbox';
import { UnitOfWork } from '@cartwheel/outbox';
import type { Queryable } from '@cartwheel/postgres';
import { deriveId, DomainError, isId } from '@cartwheel/primitives';
import { DATABASE } from '@cartwheel/service';
import { PaymentGateway } from '../gateway/payment-gateway.ts';
import { PaymentRepository } from '../payment.repository.ts';
import type { Hint } from './webhook-signature.ts';

/** Stands in `processed_events` for the webhooks that were taken. */
const CONSUMER = 'payment.webhooks';

/**
 * A webhook is a hint. It may come twice, late, before the answer that it is about, or not at all; so nothing in it is
 * believed but whose payment to ask about. What the gateway answers then goes the way of a worker's answer: whoever is first
 * under the row lock changes the state and announces it, and names the same cause: the fact that asked for it.
 */
@Injectable()
export class ReceiveWebhook {
  constructor(
    private readonly payments: PaymentRepository,
    private readonly gateway: PaymentGateway,
    private readonly unitOfWork: UnitOfWork,
    @Inject(DATABASE) private readonly database: Queryable,
  ) {}

  /** @throws DomainError gateway-unavailable: not taken, and the gateway will send it again */
  async execute({ eventId, paymentId }: Hint): Promise<void> {
    const payment = paymentId && isId(paymentId) ? await this.payments.find(this.database, paymentId) : undefined;
    if (payment?.intentId === undefined) return;
    const intent = await this.gateway.retrieve(payment);
    if (intent.kind === 'unknown') {
      throw new DomainError('gateway-unavailable', 'The gateway does not say how the payment stands.', 503);
    }
    const id = deriveId(eventId);
    const cause = await this.payments.causeOf(this.database, payment.paymentId);
    await this.unitOfWork.run(cause, async (tx) => {
      if ((await claim(tx, CONSUMER, [id])).size === 0) return;
      await this.payments.settle(tx, payment.paymentId, intent);
    });
  }
}
