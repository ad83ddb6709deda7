import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** How a reservation ends. */
export type End = 'released' | 'shipped' | 'returned';

/** What an order's fact asked for when there was nothing to end so: the stock was too short, or OrderPlaced is still to come. */
@Entity('early_ends')
@Check('early_ends_ends_as_chk', `ends_as IN ('released', 'shipped', 'returned')`)
export class EarlyEndEntity {
  @PrimaryColumn('uuid', { name: 'order_id', primaryKeyConstraintName: 'early_ends_pk' }) orderId!: string;
  @PrimaryColumn('text', { name: 'ends_as', primaryKeyConstraintName: 'early_ends_pk' }) endsAs!: End;
  @Column('timestamptz', { name: 'noted_at', default: () => 'now()' }) notedAt!: Date;
}
