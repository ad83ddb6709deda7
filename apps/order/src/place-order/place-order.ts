import { Injectable } from '@nestjs/common';
import type { Tx } from '@cartwheel/outbox';
import { newId } from '@cartwheel/primitives';
import type { z } from 'zod';
import { place } from '../domain/order.ts';
import { OrderRepository } from '../order.repository.ts';
import type { Receipt } from '../order.responses.ts';
import { Backpressure } from './backpressure.ts';
import { Catalogue } from './catalogue.ts';
import type { Checkout } from './checkout.ts';

@Injectable()
export class PlaceOrder {
  constructor(
    private readonly backpressure: Backpressure,
    private readonly catalogue: Catalogue,
    private readonly orders: OrderRepository,
  ) {}

  async execute(tx: Tx, { customer, items, payment }: Checkout): Promise<z.infer<typeof Receipt>> {
    await this.backpressure.admit(tx);
    const lines = await this.catalogue.price(tx, items);
    const placed = place({ orderId: newId(), customer, items: lines, paymentMethod: payment.paymentMethod });
    await this.orders.save(tx, 0, placed);
    const { orderId, total } = placed.order;
    return { orderId, status: 'placed', total };
  }
}
