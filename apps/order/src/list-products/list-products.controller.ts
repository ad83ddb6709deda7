import { Controller, Get, Inject } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import { Money } from '@cartwheel/contracts';
import type { Queryable } from '@cartwheel/postgres';
import { DATABASE } from '@cartwheel/service';
import { z } from 'zod';

const Products = z
  .array(z.object({ sku: z.string(), name: z.string(), price: Money }).meta({ id: 'Product' }))
  .meta({ id: 'Products' });

@Controller('products')
export class ListProductsController {
  constructor(@Inject(DATABASE) private readonly database: Queryable) {}

  @Get()
  @ApiOkResponse({ standardSchema: Products })
  async list(): Promise<z.infer<typeof Products>> {
    const rows = await this.database.query<{ sku: string; name: string; price_minor: number; currency: string }>(
      'SELECT sku, name, price_minor, currency FROM products ORDER BY sku',
    );
    return rows.map(({ sku, name, price_minor: amountMinor, currency }) => ({
      sku,
      name,
      price: { amountMinor, currency },
    }));
  }
}
