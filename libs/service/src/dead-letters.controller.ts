import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, UseGuards } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import { type Cause, contracts, text, type Topology } from '@cartwheel/contracts';
import { Operator, OperatorsOnly, Problems, RequestCause } from '@cartwheel/http';
import { UnitOfWork } from '@cartwheel/outbox';
import { discard, listParked, replay, reveal, showParked } from '@cartwheel/parking';
import type { Queryable } from '@cartwheel/postgres';
import { z } from 'zod';
import { DATABASE } from './database.ts';
import { DeadLetter, ParkedMessages, Revealed, Standing } from './dead-letters.responses.ts';

/** The names of everything on both brokers. */
export const TOPOLOGY = Symbol('topology');

const position = z
  .string()
  .regex(/^[1-9]\d{0,14}$/, 'must be a position')
  .transform(Number);
const instant = z.iso.datetime({ offset: true }).transform((iso) => new Date(iso));

/** Strict: a filter that is misspelt must not select everything. */
const Filter = z.strictObject({
  consumer: text(200).optional(),
  type: text(200).optional(),
  key: z.string().min(1).max(1_024).optional(),
  errorClass: text(200).optional(),
  since: instant.optional(),
  until: instant.optional(),
  after: position.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
type Filter = z.infer<typeof Filter>;

const At = z.object({ position });
type At = z.infer<typeof At>;

const Why = z.strictObject({ reason: text(500).optional() }).optional();
type Why = z.infer<typeof Why>;

const OF_AN_ACTION = ['operators-only', 'operator-missing', 'dead-letter-not-found'];

/**
 * What operators do about messages that were given up (docs/howto/dead-letters.md). GET shows nothing personal and changes
 * nothing; `reveal` is a POST because it leaves a trace.
 */
@Controller('ops')
@UseGuards(OperatorsOnly)
export class DeadLettersController {
  constructor(
    @Inject(DATABASE) private readonly database: Queryable,
    private readonly unitOfWork: UnitOfWork,
    @Inject(TOPOLOGY) private readonly topology: Topology,
  ) {}

  @Get('dead-letters')
  @Problems('operators-only')
  @ApiOkResponse({ standardSchema: ParkedMessages })
  dead(@Query({ schema: Filter }) filter: Filter) {
    return listParked(this.database, { ...filter, state: 'dead' }, contracts);
  }

  @Get('parked')
  @Problems('operators-only')
  @ApiOkResponse({ standardSchema: ParkedMessages })
  parked(@Query({ schema: Filter }) filter: Filter) {
    return listParked(this.database, { ...filter, state: 'parked' }, contracts);
  }

  /** Parked ones too: where did it go after a replay? */
  @Get('dead-letters/:position')
  @Problems('operators-only', 'dead-letter-not-found')
  @ApiOkResponse({ standardSchema: DeadLetter })
  show(@Param({ schema: At }) { position }: At) {
    return showParked(this.database, position, contracts);
  }

  @Post('dead-letters/:position/replay')
  @Problems(...OF_AN_ACTION, 'dead-letter-not-dead', 'dead-letter-not-replayable')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: Standing })
  replay(
    @Param({ schema: At }) { position }: At,
    @Operator() operator: string,
    @Body({ schema: Why }) why: Why,
    @RequestCause() cause: Cause,
  ) {
    const to = { contracts, topology: this.topology };
    return this.unitOfWork.run(cause, (tx) => replay(tx, position, { ...why, operator }, to));
  }

  @Post('dead-letters/:position/discard')
  @Problems(...OF_AN_ACTION, 'dead-letter-not-dead', 'dead-letter-reason-missing')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: Standing })
  discard(
    @Param({ schema: At }) { position }: At,
    @Operator() operator: string,
    @Body({ schema: Why }) why: Why,
    @RequestCause() cause: Cause,
  ) {
    return this.unitOfWork.run(cause, (tx) => discard(tx, position, { ...why, operator }, contracts));
  }

  @Post('dead-letters/:position/reveal')
  @Problems(...OF_AN_ACTION)
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: Revealed })
  reveal(
    @Param({ schema: At }) { position }: At,
    @Operator() operator: string,
    @Body({ schema: Why }) why: Why,
    @RequestCause() cause: Cause,
  ) {
    return this.unitOfWork.run(cause, (tx) => reveal(tx, position, { ...why, operator }, contracts));
  }
}
