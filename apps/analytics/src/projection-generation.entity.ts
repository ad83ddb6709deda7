import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Projection } from './generations.ts';

/** Exactly one generation of each projection is live; its rows are what is shown (docs/decisions/0040). */
@Entity('projection_generations')
@Check('projection_generations_state_chk', `state IN ('building', 'live', 'retired', 'dropped')`)
@Index('projection_generations_live_uq', { synchronize: false })
@Index('projection_generations_building_uq', { synchronize: false })
export class ProjectionGenerationEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'projection_generations_pk' }) projection!: Projection;
  @PrimaryColumn('int', { primaryKeyConstraintName: 'projection_generations_pk' }) generation!: number;
  @Column('text') state!: string;
  @Column('timestamptz', { name: 'created_at', default: () => 'now()' }) createdAt!: Date;
}
