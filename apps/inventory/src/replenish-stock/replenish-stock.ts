import { Injectable } from '@nestjs/common';
import { fact } from '@cartwheel/contracts';
import type { Tx } from '@cartwheel/outbox';
import { DomainError } from '@cartwheel/primitives';
import { noSuchProduct } from '../product.ts';
import { type Item, StockRepository } from '../stock.repository.ts';

/** Half of what a level's column holds, so that no later movement can overflow it. */
const MAX_PIECES = 1_000_000_000;

@Injectable()
export class ReplenishStock {
  constructor(private readonly stock: StockRepository) {}

  /** @throws DomainError product-not-found, stock-too-large */
  async execute(tx: Tx, { sku, quantity }: Item) {
    const before = await this.stock.lock(tx, sku);
    if (!before) throw noSuchProduct();
    const { available, reserved, shipped } = before;
    if (available + reserved + shipped + quantity > MAX_PIECES) {
      throw new DomainError('stock-too-large', `Of one product there may be ${MAX_PIECES} pieces.`, 422);
    }
    await this.stock.replenish(tx, { sku, quantity });
    tx.emit(fact('StockReplenished', sku, { sku, quantity }));
    return { sku, quantity, available: available + quantity, reserved, shipped };
  }
}
