import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import { type FactType, factTypes, maskPersonal, text } from '@cartwheel/contracts';
import type { Queryable } from '@cartwheel/postgres';
import { DATABASE } from '@cartwheel/service';
import { z } from 'zod';
import { Facts } from '../analytics.responses.ts';
import { type Place, searchFacts } from './search-facts.ts';

const instant = z.iso.datetime({ offset: true }).transform((iso) => new Date(iso));

/** `<ms since 1970>.<partition>.<offset>.<topic>`: a name of a place, for this endpoint to read. */
const place = z
  .string()
  .regex(/^(-\d{1,14}|\d{1,15})\.\d{1,9}\.\d{1,18}\.[\w.-]{1,249}$/, 'must be `next` of the page before')
  .transform((written): Place => {
    const [ms = '', partition = '', offset = '', ...topic] = written.split('.');
    return { recordedAt: new Date(Number(ms)), partition: Number(partition), offset, topic: topic.join('.') };
  });

/** Strict: a filter that is misspelt must not select everything. */
const ListFacts = z.strictObject({
  orderId: z.uuid().optional(),
  correlationId: z.uuid().optional(),
  type: z.enum(factTypes as [FactType, ...FactType[]]).optional(),
  from: instant.optional(),
  to: instant.optional(),
  q: text(200).min(1).optional(),
  after: place.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(100),
});

@Controller('facts')
export class ListFactsController {
  constructor(@Inject(DATABASE) private readonly database: Queryable) {}

  /** A page of what the log holds, in the order in which the log took it, with personal fields masked. */
  @Get()
  @ApiOkResponse({ standardSchema: Facts })
  async list(@Query({ schema: ListFacts }) filter: z.infer<typeof ListFacts>) {
    const { sql, parameters } = searchFacts(filter);
    const rows = await this.database.query<Place & { data: unknown }>(sql, parameters);
    const items = rows.slice(0, filter.limit).map((row) => ({ ...row, data: maskPersonal(row.data) }));
    const last = items.at(-1);
    return { items, next: last && rows.length > filter.limit ? written(last) : null };
  }
}

function written({ recordedAt, partition, offset, topic }: Place): string {
  return [recordedAt.getTime(), partition, offset, topic].join('.');
}
