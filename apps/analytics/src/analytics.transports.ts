/** The consumer group `analytics.facts`: every fact. Each projection is a group of its own, so that one can be rebuilt alone. */
export const ALL_FACTS = Symbol('analytics.facts');
