import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import type { Queryable } from '@cartwheel/postgres';
import { DATABASE } from '@cartwheel/service';
import type { z } from 'zod';
import { CompletionTimes } from '../analytics.responses.ts';
import { dayRange } from '../day-range.ts';
import { live } from '../generations.ts';

const Days = dayRange({});

type Row = { orders: number; times: string[] | null };

@Controller('completion-times')
export class TimeCompletionController {
  constructor(@Inject(DATABASE) private readonly database: Queryable) {}

  /** From placed to completed, for the orders completed on these days: whole ms that some order took, null without any. */
  @Get()
  @ApiOkResponse({ standardSchema: CompletionTimes })
  async report(@Query({ schema: Days }) { from, to }: z.infer<typeof Days>) {
    const [row] = await this.database.query<Row>(
      `SELECT count(*)::int AS orders, percentile_disc('{0.5,0.95}'::float8[]) WITHIN GROUP (ORDER BY took_ms) AS times
       FROM completion_times WHERE generation = ${live('completion')} AND completed_on BETWEEN $1 AND $2`,
      [from, to],
    );
    const [median, p95] = (row!.times ?? []).map(Number);
    return { orders: row!.orders, medianMs: median ?? null, p95Ms: p95 ?? null };
  }
}
