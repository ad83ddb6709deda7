import { Injectable } from '@nestjs/common';
import type { Queryable } from '@cartwheel/postgres';
import { type Item, StockRepository } from '../stock.repository.ts';

export type Shortfall = { readonly sku: string; readonly requested: number; readonly available: number };

@Injectable()
export class ReserveStock {
  constructor(private readonly stock: StockRepository) {}

  /** Reserves all items or none. Returns what there is too little of. */
  async execute(tx: Queryable, orderId: string, items: readonly Item[]): Promise<Shortfall[]> {
    const available = await this.stock.available(
      tx,
      items.map(({ sku }) => sku),
    );
    const shortfall = items
      .map(({ sku, quantity }) => ({ sku, requested: quantity, available: available.get(sku) ?? 0 }))
      .filter((line) => line.requested > line.available);
    if (shortfall.length === 0) await this.stock.reserve(tx, orderId, items);
    return shortfall;
  }
}
