import { type DynamicModule, Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import type { Topology } from '@cartwheel/contracts';
import { OPS_TOKEN } from '@cartwheel/http';
import { UnitOfWork } from '@cartwheel/outbox';
import { autocommit, type DataSource } from '@cartwheel/postgres';
import { DeadLettersController, TOPOLOGY } from './dead-letters.controller.ts';
import { DATABASE } from './database.ts';
import { HealthController } from './health.controller.ts';
import { Liveness } from './liveness.ts';
import { TOLD, TrailController } from './trail.controller.ts';
import type { Told } from './trail.ts';
import { METRICS, MetricsController, type RenderMetrics } from './metrics.controller.ts';

export type Platform = {
  readonly dataSource: DataSource;
  readonly unitOfWork: UnitOfWork;
  readonly liveness: Liveness;
  readonly topology: Topology;
  readonly opsToken: string;
  readonly trail: Omit<Told, 'topology'>;
  readonly renderMetrics?: RenderMetrics | undefined;
};

/** What every service's slices may inject: the database, and transactions that end in the outbox. */
@Module({})
export class PlatformModule {
  static with({ dataSource, unitOfWork, liveness, topology, opsToken, trail, renderMetrics }: Platform): DynamicModule {
    return {
      module: PlatformModule,
      global: true,
      imports: [TerminusModule.forRoot({ logger: false })],
      controllers: [HealthController, MetricsController, DeadLettersController, TrailController],
      providers: [
        { provide: DATABASE, useValue: autocommit(dataSource) },
        { provide: UnitOfWork, useValue: unitOfWork },
        { provide: Liveness, useValue: liveness },
        { provide: TOPOLOGY, useValue: topology },
        { provide: OPS_TOKEN, useValue: opsToken },
        { provide: TOLD, useValue: { ...trail, topology } },
        { provide: METRICS, useValue: renderMetrics },
      ],
      exports: [DATABASE, UnitOfWork],
    };
  }
}
