import { Injectable } from '@nestjs/common';
import { fact } from '@cartwheel/contracts';
import type { Tx } from '@cartwheel/outbox';
import type { End } from './early-end.entity.ts';
import { StockRepository } from './stock.repository.ts';

const ANNOUNCED_AS = { released: 'StockReleased', shipped: 'StockShipped', returned: 'StockReturned' } as const;

/**
 * Ends reservations, in whatever order the facts come that ask for it. When partitions are added to the topic,
 * OrderCancelled may be read before OrderPlaced, and OrderRefunded before OrderCompleted.
 */
@Injectable()
export class EndReservation {
  constructor(private readonly stock: StockRepository) {}

  /** Ends it and announces that. When there is nothing to end so, that is remembered, and nothing is announced. */
  async execute(tx: Tx, orderId: string, as: End): Promise<void> {
    if (!(await this.end(tx, orderId, as))) return this.stock.rememberEnd(tx, orderId, as);
    if (as === 'shipped') await this.catchUp(tx, orderId);
  }

  /** Carries out what was asked for before there was something to end so. */
  async catchUp(tx: Tx, orderId: string): Promise<void> {
    const early = await this.stock.rememberedEnds(tx, orderId);
    for (const as of ['released', 'shipped', 'returned'] as const) {
      if (early.has(as)) await this.end(tx, orderId, as);
    }
  }

  private async end(tx: Tx, orderId: string, as: End): Promise<boolean> {
    const items = await this.stock.end(tx, orderId, as);
    if (items.length > 0) tx.emit(fact(ANNOUNCED_AS[as], orderId, { orderId, items }));
    return items.length > 0;
  }
}
