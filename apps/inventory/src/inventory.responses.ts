import { z } from 'zod';

/** What HTTP answers about stock. */

const count = z.int().min(0);
const levels = { sku: z.string(), available: count, reserved: count, shipped: count };

export const StockLevels = z.array(z.object(levels)).meta({ id: 'StockLevels' });

export const StockLevel = z
  .object({ ...levels, at: z.iso.datetime().optional().describe('the instant that was asked for') })
  .meta({ id: 'StockLevel' });

/** The levels right after. It is stored, and repeated word for word. */
export const Replenished = z.object({ ...levels, quantity: z.int().min(1) }).meta({ id: 'Replenished' });
