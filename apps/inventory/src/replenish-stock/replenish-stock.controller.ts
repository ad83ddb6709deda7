import { Body, Controller, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse } from '@nestjs/swagger';
import type { Cause } from '@cartwheel/contracts';
import { IDEMPOTENCY_PROBLEMS, IdempotencyKey, once, Problems, RequestCause } from '@cartwheel/http';
import { UnitOfWork } from '@cartwheel/outbox';
import { z } from 'zod';
import { Replenished } from '../inventory.responses.ts';
import { Product } from '../product.ts';
import { ReplenishStock } from './replenish-stock.ts';

/** The body of `POST /stock/:sku/replenishments`: how many pieces have arrived. */
const Replenishment = z.object({ quantity: z.int().min(1).max(1_000_000) }).meta({ id: 'Replenishment' });

@Controller('stock')
export class ReplenishStockController {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly replenishStock: ReplenishStock,
  ) {}

  /** 201 with the levels right after: the pieces are there when the answer is. */
  @Post(':sku/replenishments')
  @Problems(...IDEMPOTENCY_PROBLEMS, 'product-not-found', 'stock-too-large')
  @ApiCreatedResponse({ standardSchema: Replenished })
  replenish(
    @IdempotencyKey() key: string,
    @Param({ schema: Product }) { sku }: Product,
    @Body({ schema: Replenishment }) { quantity }: z.infer<typeof Replenishment>,
    @RequestCause() cause: Cause,
  ) {
    return this.unitOfWork.run(cause, (tx) =>
      once(tx, key, { sku, quantity }, () => this.replenishStock.execute(tx, { sku, quantity })),
    );
  }
}
