import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import { money } from '@cartwheel/primitives';
import type { Queryable } from '@cartwheel/postgres';
import { DATABASE } from '@cartwheel/service';
import type { z } from 'zod';
import { Sales } from '../analytics.responses.ts';
import { dayRange } from '../day-range.ts';
import { live } from '../generations.ts';

const Days = dayRange({});

type Row = { day: string; currency: string; orders: string; revenue: string; refunds: string; refunded: string };

@Controller('sales')
export class ReportSalesController {
  constructor(@Inject(DATABASE) private readonly database: Queryable) {}

  /** By day and currency: orders completed and what they were worth, refunds and what was given back. */
  @Get()
  @ApiOkResponse({ standardSchema: Sales })
  async report(@Query({ schema: Days }) { from, to }: z.infer<typeof Days>) {
    const rows = await this.database.query<Row>(
      `SELECT day::text, currency, orders, revenue_minor AS revenue, refunds, refunded_minor AS refunded
       FROM sales WHERE generation = ${live('sales')} AND day BETWEEN $1 AND $2 ORDER BY day, currency`,
      [from, to],
    );
    return rows.map(({ day, currency, orders, revenue, refunds, refunded }) => ({
      day,
      orders: Number(orders),
      revenue: money(Number(revenue), currency),
      refunds: Number(refunds),
      refunded: money(Number(refunded), currency),
    }));
  }
}
