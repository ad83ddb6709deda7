/** The consumer group `email`: the order's facts. */
export const EMAIL = Symbol('email');

/** The queue `email.message`. */
export const EMAIL_TASKS = Symbol('email.message');
