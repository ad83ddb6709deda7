import { cancellationReasons, type FactType, factTypes, Money } from '@cartwheel/contracts';
import { z } from 'zod';

/** What HTTP answers about what happened. */

const count = z.int().min(0);

export const Facts = z
  .object({
    items: z.array(
      z.object({
        id: z.uuid(),
        type: z.enum(factTypes as [FactType, ...FactType[]]),
        version: z.int(),
        source: z.string(),
        subject: z.string(),
        time: z.iso.datetime(),
        sequence: z.int().nullable(),
        correlationId: z.uuid(),
        causationId: z.string(),
        data: z.record(z.string(), z.unknown()).describe('as its contract has it, personal fields masked'),
        topic: z.string(),
        partition: z.int(),
        offset: z.string(),
        recordedAt: z.iso.datetime().describe('when the log took it'),
      }),
    ),
    next: z.string().nullable().describe('`after` of the next page'),
  })
  .meta({ id: 'Facts' });

export const Gaps = z
  .array(
    z.object({
      topic: z.string(),
      subject: z.string().describe('an order, or a sku'),
      since: z.iso.datetime().describe('when a later number was read'),
      missing: z
        .array(z.object({ from: z.int(), to: z.int() }))
        .describe('the numbers that nobody has read, at most ten'),
    }),
  )
  .meta({ id: 'Gaps' });

export const Sales = z
  .array(z.object({ day: z.iso.date(), orders: count, revenue: Money, refunds: count, refunded: Money }))
  .meta({ id: 'Sales' });

export const Funnel = z
  .object({
    placed: count,
    confirmed: count,
    completed: count,
    refunded: count,
    cancelled: z.object(Object.fromEntries(cancellationReasons.map((reason) => [reason, count]))),
  })
  .meta({ id: 'Funnel' });

export const TopProducts = z
  .array(z.object({ sku: z.string(), quantity: count, revenue: Money }))
  .meta({ id: 'TopProducts' });

export const CompletionTimes = z
  .object({ orders: count, medianMs: z.int().nullable(), p95Ms: z.int().nullable() })
  .meta({ id: 'CompletionTimes' });
