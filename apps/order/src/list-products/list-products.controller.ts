import { Controller, Get, Inject } from '@nestjs/common';
import type { Queryable } from '@cartwheel/postgres';
import { DATABASE } from '@cartwheel/service';

@Controller('products')
export class ListProductsController {
  constructor(@Inject(DATABASE) private readonly database: Queryable) {}

  @Get()
  async list() {
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
