import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import { money } from '@cartwheel/primitives';
import type { Queryable } from '@cartwheel/postgres';
import { DATABASE } from '@cartwheel/service';
import { z } from 'zod';
import { TopProducts } from '../analytics.responses.ts';
import { dayRange } from '../day-range.ts';
import { live } from '../generations.ts';

const Days = dayRange({ limit: z.coerce.number().int().min(1).max(100).default(10) });

type Row = { sku: string; currency: string; quantity: string; revenue: string };

@Controller('top-products')
export class RankProductsController {
  constructor(@Inject(DATABASE) private readonly database: Queryable) {}

  /** What the orders completed on these days held, most pieces first. Refunds take nothing away here. */
  @Get()
  @ApiOkResponse({ standardSchema: TopProducts })
  async rank(@Query({ schema: Days }) { from, to, limit }: z.infer<typeof Days>) {
    const rows = await this.database.query<Row>(
      `SELECT sku, currency, sum(quantity) AS quantity, sum(revenue_minor) AS revenue
       FROM product_lines WHERE generation = ${live('top-products')} AND completed_on BETWEEN $1 AND $2
         AND sku <> ''
       GROUP BY sku, currency ORDER BY sum(quantity) DESC, sum(revenue_minor) DESC, sku, currency LIMIT $3`,
      [from, to, limit],
    );
    return rows.map(({ sku, currency, quantity, revenue }) => ({
      sku,
      quantity: Number(quantity),
      revenue: money(Number(revenue), currency),
    }));
  }
}
