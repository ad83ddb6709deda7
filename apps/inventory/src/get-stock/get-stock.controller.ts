import { Controller, Get, Inject } from '@nestjs/common';
import type { Pool } from '@cartwheel/postgres';
import { POOL } from '@cartwheel/service';

@Controller('stock')
export class GetStockController {
  constructor(@Inject(POOL) private readonly pool: Pool) {}

  @Get()
  async list() {
    const { rows } = await this.pool.query('SELECT sku, available, reserved, shipped FROM stock ORDER BY sku');
    return rows;
  }
}
