import { DomainError } from '@cartwheel/primitives';
import Stripe from 'stripe';

/** What is believed of a webhook: which event it is, and whose payment it may be about. */
export type Hint = { readonly eventId: string; readonly paymentId: string | undefined };

/** Lets in what the gateway signed, within five minutes, with the secret that only it and we know. */
export class WebhookSignature {
  constructor(private readonly secret: string) {}

  /** @throws DomainError webhooks-not-accepted without a secret, webhook-signature-invalid for everything else */
  verify(body: Buffer | undefined, signature: string): Hint {
    if (this.secret === '') {
      throw new DomainError('webhooks-not-accepted', 'This service has no GATEWAY_WEBHOOK_SECRET to check them.', 403);
    }
    try {
      const event = Stripe.webhooks.constructEvent(body ?? '', signature, this.secret);
      const about = event.data.object as { metadata?: Record<string, string> | null };
      return { eventId: event.id, paymentId: about.metadata?.['paymentId'] };
    } catch {
      throw new DomainError('webhook-signature-invalid', 'The gateway did not sign this, or too long ago.', 400);
    }
  }
}
