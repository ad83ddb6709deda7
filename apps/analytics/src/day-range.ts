import { z } from 'zod';

const DAY_MS = 86_400_000;
const MAX_DAYS = 366;

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/** Days are UTC. */
const fields = {
  from: z.iso.date().optional(),
  to: z.iso.date().optional(),
};

/**
 * `from` and `to`, both inclusive; without them the last thirty days. At most 366 days, so that no question is without a
 * bound. Strict: a misspelt name must not ask about other days than somebody meant.
 */
export function dayRange<Shape extends z.ZodRawShape>(more: Shape) {
  return z
    .strictObject({ ...fields, ...more })
    .transform((query) => {
      const { from, to = dayOf(Date.now()) } = query as { from?: string; to?: string };
      return { ...query, from: from ?? dayOf(Date.parse(to) - 29 * DAY_MS), to };
    })
    .refine(({ from, to }) => from <= to, { path: ['from'], message: 'must not be after `to`' })
    .refine(({ from, to }) => Date.parse(to) - Date.parse(from) < MAX_DAYS * DAY_MS, {
      path: ['from'],
      message: `must be within ${MAX_DAYS} days of \`to\``,
    });
}
