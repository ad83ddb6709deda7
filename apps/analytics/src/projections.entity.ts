import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

// The rows of the projections, a partition for each generation. They are written by the statement, and never one at a time.

@Entity('sales')
export class SalesEntity {
  @PrimaryColumn('int', { primaryKeyConstraintName: 'sales_pk' }) generation!: number;
  @PrimaryColumn('date', { primaryKeyConstraintName: 'sales_pk' }) day!: string;
  @PrimaryColumn('text', { primaryKeyConstraintName: 'sales_pk' }) currency!: string;
  @Column('bigint', { default: 0 }) orders!: string;
  @Column('bigint', { name: 'revenue_minor', default: 0 }) revenueMinor!: string;
  @Column('bigint', { default: 0 }) refunds!: string;
  @Column('bigint', { name: 'refunded_minor', default: 0 }) refundedMinor!: string;
}

@Entity('funnel_orders')
@Index('funnel_orders_placed_on_idx', ['placedOn'])
export class FunnelOrderEntity {
  @PrimaryColumn('int', { primaryKeyConstraintName: 'funnel_orders_pk' }) generation!: number;
  @PrimaryColumn('uuid', { name: 'order_id', primaryKeyConstraintName: 'funnel_orders_pk' }) orderId!: string;
  /** Until OrderPlaced is read the row has no day, and nobody is shown it. */
  @Column('date', { name: 'placed_on', nullable: true }) placedOn!: string | null;
  @Column('boolean', { default: false }) confirmed!: boolean;
  @Column('boolean', { default: false }) completed!: boolean;
  @Column('boolean', { default: false }) refunded!: boolean;
  @Column('text', { name: 'cancellation_reason', nullable: true }) cancellationReason!: string | null;
}

@Entity('product_lines')
@Index('product_lines_completed_on_idx', ['completedOn'])
export class ProductLineEntity {
  @PrimaryColumn('int', { primaryKeyConstraintName: 'product_lines_pk' }) generation!: number;
  @PrimaryColumn('uuid', { name: 'order_id', primaryKeyConstraintName: 'product_lines_pk' }) orderId!: string;
  @PrimaryColumn('text', { primaryKeyConstraintName: 'product_lines_pk' }) sku!: string;
  @PrimaryColumn('text', { primaryKeyConstraintName: 'product_lines_pk' }) currency!: string;
  @Column('bigint') quantity!: string;
  @Column('bigint', { name: 'revenue_minor' }) revenueMinor!: string;
  @Column('date', { name: 'completed_on', nullable: true }) completedOn!: string | null;
}

@Entity('completion_times')
@Index('completion_times_completed_on_idx', ['completedOn'])
export class CompletionTimeEntity {
  @PrimaryColumn('int', { primaryKeyConstraintName: 'completion_times_pk' }) generation!: number;
  @PrimaryColumn('uuid', { name: 'order_id', primaryKeyConstraintName: 'completion_times_pk' }) orderId!: string;
  @Column('timestamptz', { name: 'placed_at', nullable: true }) placedAt!: Date | null;
  @Column('date', { name: 'completed_on', nullable: true }) completedOn!: string | null;
  @Column('bigint', { name: 'took_ms', nullable: true }) tookMs!: string | null;
  @Column('timestamptz', { name: 'completed_at', nullable: true }) completedAt!: Date | null;
}
