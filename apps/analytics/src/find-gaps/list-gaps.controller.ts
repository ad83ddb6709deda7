import { Controller, Get, Inject } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import type { Queryable } from '@cartwheel/postgres';
import { DATABASE } from '@cartwheel/service';
import { Gaps } from '../analytics.responses.ts';
import { findGaps, missingNumbers } from './gaps.ts';

@Controller('gaps')
export class ListGapsController {
  constructor(@Inject(DATABASE) private readonly database: Queryable) {}

  /** The topics and subjects of which a fact has been missing for a minute, the oldest first, a hundred at most. */
  @Get()
  @ApiOkResponse({ standardSchema: Gaps })
  async list() {
    const found = [];
    for (const gap of await findGaps(this.database)) {
      found.push({ ...gap, missing: await missingNumbers(this.database, gap) });
    }
    return found;
  }
}
