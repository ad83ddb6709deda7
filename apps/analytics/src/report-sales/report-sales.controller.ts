import { Controller, Get, Inject, Query } from '@nestjs/common';
import { money } from '@cartwheel/primitives';
import type { Queryable } from '@cartwheel/postgres';
import { DATABASE } from '@cartwheel/service';
import type { z } from 'zod';
import { dayRange } from '../day-range.ts';
import { live } from '../generations.ts';

const Sales = dayRange({});

type Row = { day: string; currency: string; orders: string; revenue: string; refunds: string; refunded: string };

@Controller('sales')
export class ReportSalesController {
  constructor(@Inject(DATABASE) private readonly database: Queryable) {}

  /** By day and currency: orders completed and what they were worth, refunds and what was given back. */
  @Get()
  async report(@Query({ schema: Sales }) { from, to }: z.infer<typeof Sales>) {
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
