import { ApiExcludeController } from '@nestjs/swagger';
import { Controller, Get } from '@nestjs/common';
import { HealthCheck, HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import { Liveness } from './liveness.ts';

/**
 * Live: the event loop answers, no consumer has stopped for good, and what is in hand moves; if not, restart the process.
 * Ready: the database can be reached and written to, and set-up is done. A broker that is away does not count: the outbox waits for it.
 */
@ApiExcludeController()
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicator: HealthIndicatorService,
    private readonly liveness: Liveness,
  ) {}

  @Get('live')
  @HealthCheck()
  live() {
    return this.health.check([() => this.report('consumers', this.liveness.consumersAlive)]);
  }

  @Get('ready')
  @HealthCheck()
  ready() {
    return this.health.check([
      async () => this.report('database', await this.liveness.databaseWritable()),
      () => this.report('setup', this.liveness.prepared),
      () => this.report('accepting', !this.liveness.stopping),
    ]);
  }

  private report(name: string, good: boolean) {
    const session = this.indicator.check(name);
    return good ? session.up() : session.down();
  }
}
