import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { OrderEvent } from './domain/order.ts';

/** The streams of the orders. `@cartwheel/event-store` appends to them. */
@Entity('order_events')
export class OrderEventEntity {
  @PrimaryColumn('uuid', { name: 'stream_id', primaryKeyConstraintName: 'order_events_pk' }) orderId!: string;
  @PrimaryColumn('int', { primaryKeyConstraintName: 'order_events_pk' }) version!: number;
  @Column('text') type!: string;
  @Column('jsonb') data!: OrderEvent;
  @Column('uuid', { name: 'fact_id', nullable: true }) factId!: string | null;
  @Column('uuid', { name: 'correlation_id' }) correlationId!: string;
  @Column('text', { name: 'causation_id' }) causationId!: string;
  @Column('timestamptz', { name: 'occurred_at', default: () => 'clock_timestamp()' }) occurredAt!: Date;
}
