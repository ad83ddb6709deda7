import type { Schema } from '@cartwheel/postgres';
import { platformSchemas } from '@cartwheel/service';
import { CreateFacts1767225680000 } from './migrations/1767225680000-create-facts.ts';
import { PartitionFacts1767225681000 } from './migrations/1767225681000-partition-facts.ts';
import { CreateProjections1767225682000 } from './migrations/1767225682000-create-projections.ts';
import { LetRowsWaitForOrderPlaced1767225683000 } from './migrations/1767225683000-let-rows-wait-for-order-placed.ts';
import { CreateFactSequences1767225684000 } from './migrations/1767225684000-create-fact-sequences.ts';

const analyticsSchema: Schema = {
  name: 'analytics',
  migrations: [
    CreateFacts1767225680000,
    PartitionFacts1767225681000,
    CreateProjections1767225682000,
    LetRowsWaitForOrderPlaced1767225683000,
    CreateFactSequences1767225684000,
  ],
  grants: {
    facts: 'SELECT, INSERT',
    fact_sequences: 'SELECT, INSERT, UPDATE',
    projection_generations: 'SELECT',
    sales: 'SELECT, INSERT, UPDATE',
    funnel_orders: 'SELECT, INSERT, UPDATE',
    product_lines: 'SELECT, INSERT, UPDATE, DELETE',
    completion_times: 'SELECT, INSERT, UPDATE',
  },
};

export const schemas: readonly Schema[] = [...platformSchemas, analyticsSchema];
