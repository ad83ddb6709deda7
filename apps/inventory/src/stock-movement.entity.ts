import { Check, Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

/** Append-only: what moved, why, and by how much each level changed. A trigger adds it to the levels. */
@Entity('stock_movements')
@Index('stock_movements_sku_moved_at_idx', ['sku', 'movedAt'])
@Index('stock_movements_order_id_idx', { synchronize: false })
@Check('stock_movements_kind_chk', 'by kind, see its migration')
export class StockMovementEntity {
  @PrimaryGeneratedColumn('identity', {
    name: 'movement_id',
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'stock_movements_pk',
  })
  movementId!: string;
  @Column('text') sku!: string;
  @Column('uuid', { name: 'order_id', nullable: true }) orderId!: string | null;
  @Column('text') kind!: string;
  @Column('int') available!: number;
  @Column('int') reserved!: number;
  @Column('int') shipped!: number;
  @Column('timestamptz', { name: 'moved_at', default: () => 'clock_timestamp()' }) movedAt!: Date;
}
