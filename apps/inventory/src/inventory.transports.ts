/** The consumer group `inventory`: the order's facts. */
export const INVENTORY = Symbol('inventory');
