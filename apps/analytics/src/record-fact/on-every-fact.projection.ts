import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { factTypes } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { OnFact } from '@cartwheel/service';

/** Keeps the fact, and counts it under its topic and subject: a number that is passed over is a gap (find-gaps/). */
@Controller()
export class RecordFactOnEveryFact {
  @OnFact(factTypes, 'analytics.facts')
  async record(@Payload() _: object, @Ctx() { fact, delivery, tx }: FactContext) {
    await tx.query(
      `WITH recorded AS (
         INSERT INTO facts (id, type, version, source, subject, time, sequence, correlation_id, causation_id, user_id,
           traceparent, data, topic, partition, record_offset, recorded_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
         RETURNING topic, subject, sequence)
       INSERT INTO fact_sequences AS s (topic, subject, last, seen, gap_since)
       SELECT topic, subject, sequence, 1, CASE WHEN sequence > 1 THEN now() END FROM recorded WHERE sequence IS NOT NULL
       ON CONFLICT (topic, subject) DO UPDATE SET last = greatest(s.last, excluded.last), seen = s.seen + 1,
         gap_since = CASE WHEN s.seen + 1 < greatest(s.last, excluded.last) THEN coalesce(s.gap_since, now()) END`,
      [
        fact.id,
        fact.type,
        fact.version,
        fact.source,
        fact.subject,
        fact.time,
        fact.sequence ?? null,
        fact.correlationId,
        fact.causationId,
        fact.userId ?? null,
        fact.traceparent ?? null,
        JSON.stringify(fact.data),
        delivery.topic,
        delivery.partition,
        delivery.offset,
        // A producer may write anything there: what is no date must not keep the fact out.
        delivery.timestamp ?? fact.time,
      ],
    );
  }
}
