import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** Facts of one topic and subject are numbered 1, 2, 3 …: as many were seen as the last number says, or some are missing. */
@Entity('fact_sequences')
@Index('fact_sequences_gap_since_idx', { synchronize: false })
export class FactSequenceEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'fact_sequences_pk' }) topic!: string;
  @PrimaryColumn('text', { primaryKeyConstraintName: 'fact_sequences_pk' }) subject!: string;
  @Column('bigint') last!: string;
  @Column('bigint') seen!: string;
  @Column('timestamptz', { name: 'gap_since', nullable: true }) gapSince!: Date | null;
}
