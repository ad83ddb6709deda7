/** The consumer group `order`: payment's and inventory's facts. */
export const ORDER = Symbol('order');
