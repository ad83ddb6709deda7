import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The levels after every hundredth movement of a product. The database writes it. */
@Entity('stock_snapshots')
export class StockSnapshotEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'stock_snapshots_pk' }) sku!: string;
  @PrimaryColumn('timestamptz', { name: 'taken_at', primaryKeyConstraintName: 'stock_snapshots_pk' }) takenAt!: Date;
  @Column('int') available!: number;
  @Column('int') reserved!: number;
  @Column('int') shipped!: number;
}
