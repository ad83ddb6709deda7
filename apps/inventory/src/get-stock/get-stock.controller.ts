import { Controller, Get, Inject } from '@nestjs/common';
import type { Queryable } from '@cartwheel/postgres';
import { DATABASE } from '@cartwheel/service';

@Controller('stock')
export class GetStockController {
  constructor(@Inject(DATABASE) private readonly database: Queryable) {}

  @Get()
  async list() {
    const rows = await this.database.query('SELECT sku, available, reserved, shipped FROM stock ORDER BY sku');
    return rows;
  }
}
