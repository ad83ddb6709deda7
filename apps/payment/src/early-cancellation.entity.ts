import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Orders whose cancellation was read before their OrderPlaced: no money is ever asked for them. */
@Entity('early_cancellations')
export class EarlyCancellationEntity {
  @PrimaryColumn('uuid', { name: 'order_id', primaryKeyConstraintName: 'early_cancellations_pk' }) orderId!: string;
  @Column('timestamptz', { name: 'noted_at', default: () => 'now()' }) notedAt!: Date;
}
