import { Controller, Get, Inject, Query } from '@nestjs/common';
import { maskPersonal } from '@cartwheel/contracts';
import type { Queryable } from '@cartwheel/postgres';
import { DATABASE } from '@cartwheel/service';
import { z } from 'zod';

const ListFacts = z.object({ orderId: z.uuid() });

@Controller('facts')
export class ListFactsController {
  constructor(@Inject(DATABASE) private readonly database: Queryable) {}

  /** What the log holds about one order, in the order in which the log took it, with personal fields masked. */
  @Get()
  async list(@Query({ schema: ListFacts }) { orderId }: z.infer<typeof ListFacts>) {
    const rows = await this.database.query<{ data: unknown }>(
      `SELECT id, type, version, source, subject, time, sequence::int, correlation_id AS "correlationId",
         causation_id AS "causationId", data, topic, partition, record_offset AS offset, recorded_at AS "recordedAt"
       FROM facts WHERE subject = $1 ORDER BY recorded_at, topic, record_offset`,
      [orderId],
    );
    return rows.map((row) => ({ ...row, data: maskPersonal(row.data) }));
  }
}
