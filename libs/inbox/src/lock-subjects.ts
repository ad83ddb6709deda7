import type { Envelope } from '@cartwheel/messages';
import type { Queryable } from '@cartwheel/postgres';

/**
 * Prevents: two facts of one order that look past each other. When a topic gets more partitions, an order's next fact may lie
 *   in another partition than its earlier ones; then both are applied in the same moment, and neither transaction sees what
 *   the other writes: the cancellation finds no reservation, and the reservation finds no cancellation.
 * How: an advisory lock per subject, until the transaction ends. A row's lock cannot do it: there is no row yet.
 * Promises: 1. Facts of one subject are applied one after the other, whatever partitions they come from. 2. Two chunks that
 *   hold the same subjects in opposite orders do not deadlock: the locks are taken in one order.
 *   3. Consumers that write other rows of the same database have a `scope` each, and do not wait for each other.
 * Costs: one statement per chunk, and one entry per subject in PostgreSQL's lock table (64 × max_connections of them).
 * Not here: which of the two comes first. A handler has to be right for both (docs/howto/growing-topics.md).
 * Proof: early-ends.int.spec.ts
 */
export async function lockSubjects(tx: Queryable, facts: readonly Envelope[], scope = ''): Promise<void> {
  await tx.query(
    `SELECT pg_advisory_xact_lock(key) FROM (
       SELECT DISTINCT hashtextextended($2::text || subject, 0) AS key FROM unnest($1::text[]) AS subject ORDER BY key) AS sorted`,
    [facts.map(({ subject }) => subject), `${scope} `],
  );
}
