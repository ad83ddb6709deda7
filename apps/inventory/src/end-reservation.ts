import { Injectable } from '@nestjs/common';
import { fact } from '@cartwheel/contracts';
import type { Tx } from '@cartwheel/outbox';
import type { Queryable } from '@cartwheel/postgres';
import { type End, StockRepository } from './stock.repository.ts';

const ANNOUNCED_AS = { released: 'StockReleased', shipped: 'StockShipped', returned: 'StockReturned' } as const;

/**
 * Ends reservations, in whatever order the facts come that ask for it. When partitions are added to the topic,
 * OrderCancelled may be read before OrderPlaced, and OrderRefunded before OrderCompleted.
 */
@Injectable()
export class EndReservation {
  constructor(private readonly stock: StockRepository) {}

  /** Ends it and announces that. When there is nothing to end so, the end is remembered, and nothing is announced. */
  async execute(tx: Tx, orderId: string, as: End): Promise<void> {
    const items = await this.stock.end(tx, orderId, as);
    if (items.length === 0) return this.stock.rememberEnd(tx, orderId, as);
    tx.emit(fact(ANNOUNCED_AS[as], orderId, { orderId, items }));
    if (as === 'shipped' && (await this.remembered(tx, orderId)).has('returned')) {
      await this.execute(tx, orderId, 'returned');
    }
  }

  /** The ends that were asked for before there was a reservation to end so. */
  remembered(tx: Queryable, orderId: string): Promise<Set<End>> {
    return this.stock.rememberedEnds(tx, orderId);
  }
}
