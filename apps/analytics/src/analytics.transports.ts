// Each projection is a consumer group of its own, so that one can be rebuilt alone.

/** The consumer group `analytics.facts`: every fact. */
export const ALL_FACTS = Symbol('analytics.facts');
export const SALES = Symbol('analytics.sales');
export const FUNNEL = Symbol('analytics.funnel');
export const TOP_PRODUCTS = Symbol('analytics.top-products');
export const COMPLETION = Symbol('analytics.completion');
