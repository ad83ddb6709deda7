/*
 * What each test payment method does. A new failure is a new row here and, if it needs a new way to fail, a new
 * property below and the one place that reads it (named beside the property).
 */
export type Decline = Readonly<{ code: string; decline_code?: string; message: string }>;

export type Behaviour = Readonly<{
  /** The card network's no. Read by confirm (domain/transitions.ts). */
  declines?: Decline;
  /** How long confirm waits before it takes effect; a client that gave up does not stop it. Read by serve-http/answer.ts. */
  thinksMs?: number;
  /** Authorize, capture and refund succeed, but the first answer never arrives. Read by serve-http/answer.ts. */
  losesFirstAnswer?: boolean;
  /** Added to WEBHOOK_DELAY_MS. Read by send-webhooks/webhooks.ts. */
  webhookLagMs?: number;
}>;

const declined = (decline_code: string, message = 'Your card was declined.'): Behaviour => ({
  declines: { code: 'card_declined', decline_code, message },
});
const refused = (code: string, message: string): Behaviour => ({ declines: { code, message } });

const TABLE: Readonly<Record<string, Behaviour>> = {
  pm_card_visa: {},
  pm_card_visa_debit: {},
  pm_card_mastercard: {},
  pm_card_amex: {},

  pm_card_visa_chargeDeclined: declined('generic_decline'),
  pm_card_visa_chargeDeclinedInsufficientFunds: declined('insufficient_funds', 'Your card has insufficient funds.'),
  pm_card_visa_chargeDeclinedLostCard: declined('lost_card'),
  pm_card_visa_chargeDeclinedStolenCard: declined('stolen_card'),
  pm_card_visa_chargeDeclinedVelocityLimitExceeded: declined('card_velocity_exceeded'),
  pm_card_chargeDeclinedExpiredCard: refused('expired_card', 'Your card has expired.'),
  pm_card_chargeDeclinedIncorrectCvc: refused('incorrect_cvc', "Your card's security code is incorrect."),
  pm_card_chargeDeclinedProcessingError: refused('processing_error', 'An error occurred while processing your card.'),

  pm_cartwheel_slow: { thinksMs: 3_000 },
  pm_cartwheel_timeout_after_success: { losesFirstAnswer: true },
  pm_cartwheel_late_webhook: { webhookLagMs: 5_000 },
};

export function behaviourOf(paymentMethod: string): Behaviour | undefined {
  return Object.hasOwn(TABLE, paymentMethod) ? TABLE[paymentMethod] : undefined;
}
