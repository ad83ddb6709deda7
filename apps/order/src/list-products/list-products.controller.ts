import { Controller, Get, Inject } from '@nestjs/common';
import type { Pool } from '@cartwheel/postgres';
import { POOL } from '@cartwheel/service';

@Controller('products')
export class ListProductsController {
  constructor(@Inject(POOL) private readonly pool: Pool) {}

  @Get()
  async list() {
    const { rows } = await this.pool.query<{ sku: string; name: string; price_minor: number; currency: string }>(
      'SELECT sku, name, price_minor, currency FROM products ORDER BY sku',
    );
    return rows.map(({ sku, name, price_minor: amountMinor, currency }) => ({
      sku,
      name,
      price: { amountMinor, currency },
    }));
  }
}
