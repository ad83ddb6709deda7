import { Controller, Get, Inject, Query } from '@nestjs/common';
import type { Queryable } from '@cartwheel/postgres';
import { DATABASE } from '@cartwheel/service';
import type { z } from 'zod';
import { dayRange } from '../day-range.ts';
import { live } from '../generations.ts';

const CompletionTimes = dayRange({});

type Row = { orders: number; times: string[] | null };

@Controller('completion-times')
export class TimeCompletionController {
  constructor(@Inject(DATABASE) private readonly database: Queryable) {}

  /** From placed to completed, for the orders completed on these days: whole ms that some order took, null without any. */
  @Get()
  async report(@Query({ schema: CompletionTimes }) { from, to }: z.infer<typeof CompletionTimes>) {
    const [row] = await this.database.query<Row>(
      `SELECT count(*)::int AS orders, percentile_disc('{0.5,0.95}'::float8[]) WITHIN GROUP (ORDER BY took_ms) AS times
       FROM completion_times WHERE generation = ${live('completion')} AND completed_on BETWEEN $1 AND $2`,
      [from, to],
    );
    const [median, p95] = (row!.times ?? []).map(Number);
    return { orders: row!.orders, medianMs: median ?? null, p95Ms: p95 ?? null };
  }
}
