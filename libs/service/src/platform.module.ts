import { type DynamicModule, Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { UnitOfWork } from '@cartwheel/outbox';
import { autocommit, type Pool } from '@cartwheel/postgres';
import { HealthController } from './health.controller.ts';
import { Liveness } from './liveness.ts';

/** The service's database, as a `Queryable`: for reads that need no transaction. */
export const DATABASE = Symbol('database');

/** What every service's slices may inject: the database, and transactions that end in the outbox. */
@Module({})
export class PlatformModule {
  static with(pool: Pool, unitOfWork: UnitOfWork, liveness: Liveness): DynamicModule {
    return {
      module: PlatformModule,
      global: true,
      imports: [TerminusModule.forRoot({ logger: false })],
      controllers: [HealthController],
      providers: [
        { provide: DATABASE, useValue: autocommit(pool) },
        { provide: UnitOfWork, useValue: unitOfWork },
        { provide: Liveness, useValue: liveness },
      ],
      exports: [DATABASE, UnitOfWork],
    };
  }
}
