import { FactSequenceEntity } from './fact-sequence.entity.ts';
import { FactEntity } from './fact.entity.ts';
import { ProjectionGenerationEntity } from './projection-generation.entity.ts';
import { CompletionTimeEntity, FunnelOrderEntity, ProductLineEntity, SalesEntity } from './projections.entity.ts';

export const entities = [
  ...[FactEntity, FactSequenceEntity, ProjectionGenerationEntity],
  ...[SalesEntity, FunnelOrderEntity, ProductLineEntity, CompletionTimeEntity],
];
