import { OrderEventEntity } from './order-event.entity.ts';
import { OrderEntity } from './order.entity.ts';
import { ProductEntity } from './product.entity.ts';

export const entities = [ProductEntity, OrderEntity, OrderEventEntity];
