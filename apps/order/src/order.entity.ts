import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Order } from './domain/order.ts';

/** The current state of each order's stream, written in the same transaction as its events. Its row is what a writer locks. */
@Entity('orders')
@Index('orders_placed_at_idx', { synchronize: false })
@Index('orders_open_idx', { synchronize: false })
export class OrderEntity {
  @PrimaryColumn('uuid', { name: 'order_id', primaryKeyConstraintName: 'orders_pk' }) orderId!: string;
  @Column('int') version!: number;
  @Column('text') status!: string;
  @Column('jsonb') state!: Order;
  @Column('timestamptz', { name: 'placed_at' }) placedAt!: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
}
