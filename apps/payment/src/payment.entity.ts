import { Check, Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';
import type { Attempts } from './domain/attempts.ts';
import type { PaymentState } from './domain/payment.ts';

/** PostgreSQL's bigint arrives as text. An amount of money is a safe integer. */
const minor = { from: (value: string | null) => (value === null ? null : Number(value)), to: (value: number) => value };

@Entity('payments')
@Unique('payments_order_id_uq', ['orderId'])
@Index('payments_held_idx', { synchronize: false })
@Check(
  'payments_state_chk',
  `state IN ('authorizing', 'authorized', 'declined', 'capturing', 'captured', 'capture_failed', 'voiding', 'voided',
    'refunding', 'refunded')`,
)
export class PaymentEntity {
  @PrimaryColumn('uuid', { name: 'payment_id', primaryKeyConstraintName: 'payments_pk' }) paymentId!: string;
  @Column('uuid', { name: 'order_id' }) orderId!: string;
  @Column('text') state!: PaymentState;
  @Column('bigint', { name: 'amount_minor', transformer: minor }) amountMinor!: number;
  @Column('text') currency!: string;
  @Column('text', { name: 'payment_method' }) paymentMethod!: string;
  @Column('text', { name: 'intent_id', nullable: true }) intentId!: string | null;
  @Column('text', { name: 'failure_code', nullable: true }) failureCode!: string | null;
  /** By operation, the number in its idempotency key and how often the gateway refused it. */
  @Column('jsonb', { default: {} }) attempts!: Attempts;
  @Column('bigint', { name: 'refunded_minor', nullable: true, transformer: minor }) refundedMinor!: number | null;
  @Column('uuid', { name: 'correlation_id' }) correlationId!: string;
  /** Of the fact that asked for the present state. What a webhook tells was caused by it too. */
  @Column('text', { name: 'causation_id' }) causationId!: string;
  @Column('timestamptz', { name: 'created_at', default: () => 'now()' }) createdAt!: Date;
  @Column('timestamptz', { name: 'updated_at', default: () => 'now()' }) updatedAt!: Date;
}
