/** The consumer group `payment`: the order's facts. */
export const PAYMENT = Symbol('payment');

/** The queue `payment.card`. */
export const CARD_TASKS = Symbol('payment.card');
