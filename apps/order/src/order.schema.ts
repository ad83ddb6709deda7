import { idempotencySchema } from '@cartwheel/http';
import type { Schema } from '@cartwheel/postgres';
import { platformSchemas } from '@cartwheel/service';
import { CreateOrders1767225640000 } from './migrations/1767225640000-create-orders.ts';
import { IndexOpenOrders1767225641000 } from './migrations/1767225641000-index-open-orders.ts';

const orderSchema: Schema = {
  name: 'order',
  migrations: [CreateOrders1767225640000, IndexOpenOrders1767225641000],
  grants: { products: 'SELECT', order_events: 'SELECT, INSERT', orders: 'SELECT, INSERT, UPDATE' },
};

export const schemas: readonly Schema[] = [...platformSchemas, idempotencySchema, orderSchema];
