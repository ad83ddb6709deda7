import { Module } from '@nestjs/common';
import { ListFactsController } from './list-facts/list-facts.controller.ts';
import { RecordFactOnEveryFact } from './record-fact/on-every-fact.projection.ts';

@Module({ controllers: [ListFactsController, RecordFactOnEveryFact] })
export class AnalyticsModule {}
