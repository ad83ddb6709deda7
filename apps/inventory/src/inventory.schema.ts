import { idempotencySchema } from '@cartwheel/http';
import type { Schema } from '@cartwheel/postgres';
import { platformSchemas } from '@cartwheel/service';
import { CreateStock1767225660000 } from './migrations/1767225660000-create-stock.ts';
import { MakeTheLedgerTheSource1767225661000 } from './migrations/1767225661000-make-the-ledger-the-source.ts';
import { IndexMovementsByOrder1767225662000 } from './migrations/1767225662000-index-movements-by-order.ts';
import { IndexHeldReservations1767225663000 } from './migrations/1767225663000-index-held-reservations.ts';
import { CreateEarlyEnds1767225664000 } from './migrations/1767225664000-create-early-ends.ts';

const inventorySchema: Schema = {
  name: 'inventory',
  migrations: [
    CreateStock1767225660000,
    MakeTheLedgerTheSource1767225661000,
    IndexMovementsByOrder1767225662000,
    IndexHeldReservations1767225663000,
    CreateEarlyEnds1767225664000,
  ],
  grants: {
    // FOR UPDATE asks for the right to update some column; reservations and movements hold this one in its place.
    stock: 'SELECT, UPDATE (sku)',
    reservations: 'SELECT, INSERT, UPDATE',
    stock_movements: 'SELECT, INSERT',
    stock_snapshots: 'SELECT',
    early_ends: 'SELECT, INSERT',
  },
};

export const schemas: readonly Schema[] = [...platformSchemas, idempotencySchema, inventorySchema];
