import { Injectable } from '@nestjs/common';
import type { Tx } from '@cartwheel/outbox';
import { newId } from '@cartwheel/primitives';
import { place } from '../domain/order.ts';
import { OrderRepository } from '../order.repository.ts';
import { Catalogue } from './catalogue.ts';
import type { Checkout } from './checkout.ts';

@Injectable()
export class PlaceOrder {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly orders: OrderRepository,
  ) {}

  async execute(tx: Tx, { customer, items, payment }: Checkout) {
    const lines = await this.catalogue.price(tx, items);
    const placed = place({ orderId: newId(), customer, items: lines, paymentMethod: payment.paymentMethod });
    await this.orders.save(tx, 0, placed);
    const { orderId, status, total } = placed.order;
    return { orderId, status, total };
  }
}
