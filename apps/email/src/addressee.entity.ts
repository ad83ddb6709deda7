import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Addressee } from './send-email/content.ts';

/** What the mails of an order need from its OrderPlaced. */
@Entity('addressees')
export class AddresseeEntity {
  @PrimaryColumn('uuid', { name: 'order_id', primaryKeyConstraintName: 'addressees_pk' }) orderId!: string;
  @Column('text') name!: string;
  @Column('text') email!: string;
  @Column('jsonb') items!: Addressee['items'];
  @Column('bigint', { name: 'total_minor' }) totalMinor!: string;
  @Column('text') currency!: string;
}
