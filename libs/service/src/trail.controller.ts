import { Controller, Get, Inject, Query, UseGuards } from '@nestjs/common';
import { OperatorsOnly } from '@cartwheel/http';
import type { Queryable } from '@cartwheel/postgres';
import { z } from 'zod';
import { DATABASE } from './database.ts';
import { type Told, trailOf } from './trail.ts';

/** What `trailOf` needs beside the database. */
export const TOLD = Symbol('told');

const AskTrail = z.strictObject({
  orderId: z.uuid(),
  /** Ids of messages with commas between: which of them were taken here? */
  messages: z
    .string()
    .transform((list) => list.split(','))
    .pipe(z.array(z.uuid()).max(200))
    .optional(),
});

/** What this service knows of one order, for `npm run story` (docs/operate/story.md). Nothing personal. */
@Controller('ops')
@UseGuards(OperatorsOnly)
export class TrailController {
  constructor(
    @Inject(DATABASE) private readonly database: Queryable,
    @Inject(TOLD) private readonly told: Told,
  ) {}

  @Get('trail')
  trail(@Query({ schema: AskTrail }) { orderId, messages = [] }: z.infer<typeof AskTrail>) {
    return trailOf(this.database, orderId, messages, this.told);
  }
}
