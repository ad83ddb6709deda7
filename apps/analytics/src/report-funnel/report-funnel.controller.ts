import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import { cancellationReasons } from '@cartwheel/contracts';
import type { Queryable } from '@cartwheel/postgres';
import { DATABASE } from '@cartwheel/service';
import type { z } from 'zod';
import { Funnel } from '../analytics.responses.ts';
import { dayRange } from '../day-range.ts';
import { live } from '../generations.ts';

const Days = dayRange({});

type Counts = { placed: number; confirmed: number; completed: number; refunded: number };
type Reasons = Record<(typeof cancellationReasons)[number], number>;

/** A column per reason: they are few, and known. */
const reasons = cancellationReasons.map(
  (reason) => `(count(*) FILTER (WHERE cancellation_reason = '${reason}'))::int AS "${reason}"`,
);

@Controller('funnel')
export class ReportFunnelController {
  constructor(@Inject(DATABASE) private readonly database: Queryable) {}

  /** How far the orders came that were placed on these days, up to now, and why those ended that were cancelled. */
  @Get()
  @ApiOkResponse({ standardSchema: Funnel })
  async report(@Query({ schema: Days }) { from, to }: z.infer<typeof Days>) {
    const [row] = await this.database.query<Counts & Reasons>(
      `SELECT count(*)::int AS placed, (count(*) FILTER (WHERE confirmed))::int AS confirmed,
         (count(*) FILTER (WHERE completed))::int AS completed, (count(*) FILTER (WHERE refunded))::int AS refunded,
         ${reasons.join(', ')}
       FROM funnel_orders WHERE generation = ${live('funnel')} AND placed_on BETWEEN $1 AND $2`,
      [from, to],
    );
    const { placed, confirmed, completed, refunded, ...cancelled } = row!;
    return { placed, confirmed, completed, refunded, cancelled };
  }
}
