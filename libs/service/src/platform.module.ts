import { type DynamicModule, Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { UnitOfWork } from '@cartwheel/outbox';
import type { Pool } from '@cartwheel/postgres';
import { HealthController } from './health.controller.ts';
import { Liveness } from './liveness.ts';

/** The service's connection pool, for reads that need no transaction. */
export const POOL = Symbol('pool');

/** What every service's slices may inject: the pool, and transactions that end in the outbox. */
@Module({})
export class PlatformModule {
  static with(pool: Pool, unitOfWork: UnitOfWork, liveness: Liveness): DynamicModule {
    return {
      module: PlatformModule,
      global: true,
      imports: [TerminusModule.forRoot({ logger: false })],
      controllers: [HealthController],
      providers: [
        { provide: POOL, useValue: pool },
        { provide: UnitOfWork, useValue: unitOfWork },
        { provide: Liveness, useValue: liveness },
      ],
      exports: [POOL, UnitOfWork],
    };
  }
}
