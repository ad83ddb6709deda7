import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { StockEntity } from './stock.entity.ts';

@Entity('reservations')
@Index('reservations_reserved_idx', { synchronize: false })
@Check('reservations_quantity_chk', 'quantity > 0')
@Check('reservations_state_chk', `state IN ('reserved', 'released', 'shipped', 'returned')`)
export class ReservationEntity {
  @PrimaryColumn('uuid', { name: 'order_id', primaryKeyConstraintName: 'reservations_pk' }) orderId!: string;
  @PrimaryColumn('text', { primaryKeyConstraintName: 'reservations_pk' }) sku!: string;
  @ManyToOne(() => StockEntity)
  @JoinColumn({ name: 'sku', foreignKeyConstraintName: 'reservations_stock_fk' })
  stock!: Relation<StockEntity>;
  @Column('int') quantity!: number;
  @Column('text') state!: string;
  @Column('timestamptz', { name: 'updated_at', default: () => 'now()' }) updatedAt!: Date;
}
