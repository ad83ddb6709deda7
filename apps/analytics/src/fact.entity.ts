import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * Every fact with its envelope, and where and when the log took it. By month of the record's time. Not compared by
 * `npm run migration`: TypeORM keeps books of its own about generated columns (`words`), in a table that is not there.
 */
@Entity('facts', { synchronize: false })
export class FactEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'facts_pk' }) id!: string;
  @PrimaryColumn('timestamptz', { name: 'recorded_at', primaryKeyConstraintName: 'facts_pk' }) recordedAt!: Date;
  @Column('text') type!: string;
  @Column('int') version!: number;
  @Column('text') source!: string;
  @Column('text') subject!: string;
  @Column('timestamptz') time!: Date;
  @Column('bigint', { nullable: true }) sequence!: string | null;
  @Column('uuid', { name: 'correlation_id' }) correlationId!: string;
  @Column('text', { name: 'causation_id' }) causationId!: string;
  @Column('text', { name: 'user_id', nullable: true }) userId!: string | null;
  @Column('text', { nullable: true }) traceparent!: string | null;
  @Column('jsonb') data!: object;
  @Column('text') topic!: string;
  @Column('int') partition!: number;
  @Column('bigint', { name: 'record_offset' }) recordOffset!: string;
}
