import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** The levels of a product: the sums of its movements, which the database adds up (StockMovementEntity). */
@Entity('stock')
@Check('stock_levels_chk', 'available >= 0 AND reserved >= 0 AND shipped >= 0')
export class StockEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'stock_pk' }) sku!: string;
  @Column('int', { default: 0 }) available!: number;
  @Column('int', { default: 0 }) reserved!: number;
  @Column('int', { default: 0 }) shipped!: number;
  @Column('int', { default: 0 }) movements!: number;
  @Column('timestamptz', { name: 'moved_at', default: () => "'-infinity'" }) movedAt!: Date;
}
