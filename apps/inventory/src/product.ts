import { text } from '@cartwheel/contracts';
import { DomainError } from '@cartwheel/primitives';
import { z } from 'zod';

/** A product in an address. */
export const Product = z.object({ sku: text(64) });
export type Product = z.infer<typeof Product>;

export function noSuchProduct(): DomainError {
  return new DomainError('product-not-found', 'There is no product with this sku.', 404);
}
