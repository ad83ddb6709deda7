import type { MailTemplate } from '@cartwheel/contracts';
import { Check, Column, Entity, PrimaryColumn, Unique } from 'typeorm';

/** One mail per order and template. `sending`: somebody began and has not said how it ended. */
@Entity('emails')
@Unique('emails_order_id_template_uq', ['orderId', 'template'])
@Check('emails_state_chk', `state IN ('requested', 'sending', 'sent')`)
export class EmailEntity {
  @PrimaryColumn('uuid', { name: 'email_id', primaryKeyConstraintName: 'emails_pk' }) emailId!: string;
  @Column('uuid', { name: 'order_id' }) orderId!: string;
  @Column('text') template!: MailTemplate;
  @Column('text', { nullable: true }) reason!: string | null;
  @Column('text', { default: 'requested' }) state!: string;
  @Column('timestamptz', { name: 'requested_at', default: () => 'now()' }) requestedAt!: Date;
  @Column('timestamptz', { name: 'sent_at', nullable: true }) sentAt!: Date | null;
  @Column('text', { name: 'message_id', nullable: true }) messageId!: string | null;
  @Column('timestamptz', { name: 'sending_since', nullable: true }) sendingSince!: Date | null;
  /** The sends whose outcome nobody knows: the server may have taken each of them. */
  @Column('int', { name: 'ambiguous_sends', default: 0 }) ambiguousSends!: number;
  @Column('bigint', { name: 'amount_minor', nullable: true }) amountMinor!: string | null;
  @Column('text', { nullable: true }) currency!: string | null;
}
