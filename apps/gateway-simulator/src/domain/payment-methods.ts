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
  /** Confirm ends in requires_action. Read by move-money/confirm-intent.ts. */
  asksForAction?: boolean;
  /** Capture is refused, each time. Read by move-money/capture-intent.ts. */
  declinesCapture?: Decline;
  /** A refund is `pending` for so long before it ends, well or as `failed`. Read by domain/refund.ts. */
  refunds?: Readonly<{ afterMs: number; fail?: boolean }>;
  /** The first request of each operation fails, without effect; under another key the next one works. Read by fail-first.ts. */
  failsFirst?: 'stored-500' | 'rate-limited';
  /** Added to WEBHOOK_DELAY_MS; `first`: it is delivered before the answer leaves. Read by serve-http/answer.ts. */
  webhook?: Readonly<{ lagMs?: number; first?: boolean; times?: number }>;
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
  pm_cartwheel_too_slow: { thinksMs: 8_500, webhook: { lagMs: 10_000 } },
  pm_cartwheel_timeout_after_success: { losesFirstAnswer: true },
  pm_cartwheel_late_webhook: { webhook: { lagMs: 5_000 } },
  pm_cartwheel_webhook_first: { webhook: { first: true } },
  pm_cartwheel_webhook_twice: { webhook: { times: 2 } },

  pm_card_authenticationRequired: { asksForAction: true },
  pm_card_pendingRefund: { refunds: { afterMs: 1_500 } },
  pm_cartwheel_refund_fails: { refunds: { afterMs: 300, fail: true } },
  pm_cartwheel_capture_declined: {
    declinesCapture: { code: 'card_declined', decline_code: 'do_not_honor', message: 'The capture was declined.' },
  },
  pm_cartwheel_stored_500: { failsFirst: 'stored-500' },
  pm_cartwheel_rate_limited: { failsFirst: 'rate-limited' },
};

export function behaviourOf(paymentMethod: string): Behaviour | undefined {
  return Object.hasOwn(TABLE, paymentMethod) ? TABLE[paymentMethod] : undefined;
}
