import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import { Problems } from '@cartwheel/http';
import type { Queryable } from '@cartwheel/postgres';
import { DATABASE } from '@cartwheel/service';
import { z } from 'zod';
import { StockLevel, StockLevels } from '../inventory.responses.ts';
import { noSuchProduct, Product } from '../product.ts';
import { stockAt } from './stock-at.ts';

/** In UTC: the plus sign of an offset would arrive as a space. PostgreSQL knows no year 0. */
const Instant = z.iso.datetime().refine((instant) => !instant.startsWith('0000'), 'must be after the year 0');
const GetStock = z.object({ at: Instant.optional() });

@Controller('stock')
export class GetStockController {
  constructor(@Inject(DATABASE) private readonly database: Queryable) {}

  @Get()
  @ApiOkResponse({ standardSchema: StockLevels })
  list() {
    return this.database.query('SELECT sku, available, reserved, shipped FROM stock ORDER BY sku');
  }

  /** The levels of one product, now or at any instant. Before it was first stocked there was nothing of it. */
  @Get(':sku')
  @Problems('product-not-found')
  @ApiOkResponse({ standardSchema: StockLevel })
  async get(
    @Param({ schema: Product }) { sku }: Product,
    @Query({ schema: GetStock }) { at }: z.infer<typeof GetStock>,
  ) {
    const [now] = await this.database.query('SELECT sku, available, reserved, shipped FROM stock WHERE sku = $1', [
      sku,
    ]);
    if (!now) throw noSuchProduct();
    return at === undefined ? now : { sku, at, ...(await stockAt(this.database, sku, at)) };
  }
}
