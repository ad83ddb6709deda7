import { Injectable } from '@nestjs/common';
import type { Queryable } from '@cartwheel/postgres';
import { DomainError, money } from '@cartwheel/primitives';
import type { OrderLine } from '../domain/order.ts';

@Injectable()
export class Catalogue {
  /**
   * The items as priced order lines; the same product twice becomes one line.
   * @throws DomainError unknown-product, naming each
   */
  async price(tx: Queryable, items: readonly { sku: string; quantity: number }[]): Promise<OrderLine[]> {
    const quantities = new Map<string, number>();
    for (const { sku, quantity } of items) quantities.set(sku, (quantities.get(sku) ?? 0) + quantity);
    const products = await tx.query<{ sku: string; name: string; price_minor: number; currency: string }>(
      'SELECT sku, name, price_minor, currency FROM products WHERE sku = ANY($1) ORDER BY sku',
      [[...quantities.keys()]],
    );
    const unknown = [...quantities.keys()].filter((sku) => !products.some((product) => product.sku === sku));
    if (unknown.length > 0) {
      const errors = unknown.map((sku) => ({ path: 'items', message: `no product ${JSON.stringify(sku)}` }));
      throw new DomainError('unknown-product', 'The cart holds something that is not for sale here.', 422, errors);
    }
    return products.map(({ sku, name, price_minor, currency }) => ({
      sku,
      name,
      quantity: quantities.get(sku)!,
      unitPrice: money(price_minor, currency),
    }));
  }
}
