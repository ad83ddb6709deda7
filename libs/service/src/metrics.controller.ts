import { ApiExcludeController } from '@nestjs/swagger';
import { Controller, Get, Header, Inject, NotFoundException } from '@nestjs/common';

/** Writes all metrics down; absent where they are switched off. */
export type RenderMetrics = () => Promise<string>;
export const METRICS = Symbol('METRICS');

/** For Prometheus. It holds nothing personal, but the business's figures: it is as private as the port it stands on. */
@ApiExcludeController()
@Controller('metrics')
export class MetricsController {
  constructor(@Inject(METRICS) private readonly render: RenderMetrics | undefined) {}

  @Get()
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  show(): Promise<string> {
    if (!this.render) throw new NotFoundException();
    return this.render();
  }
}
