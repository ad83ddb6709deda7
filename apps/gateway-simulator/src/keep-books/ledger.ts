import type { Intent, Movement } from '../domain/intent.ts';
import type { Store } from '../store.ts';

/** One entry per effect that held, took or gave back money, or was refused by the card. `currency` is upper case, as in Cartwheel's facts. */
export type LedgerEntry = Readonly<{
  intentId: string;
  metadata: Readonly<Record<string, string>>;
  operation: Movement['operation'];
  amountMinor: number;
  currency: string;
  at: string;
  idempotencyKey: string | null;
}>;

export type LedgerSummary = Readonly<Record<string, { authorizedOpen: number; captured: number; refunded: number }>>;

export function enter(store: Store, intent: Intent, movement: Movement, idempotencyKey: string | null): void {
  store
    .prepare(
      `INSERT INTO ledger_entries (intent_id, metadata, operation, amount_minor, currency, at, idempotency_key)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      intent.id,
      JSON.stringify(intent.metadata),
      movement.operation,
      movement.amountMinor,
      intent.currency.toUpperCase(),
      new Date().toISOString(),
      idempotencyKey,
    );
}

/** In the order in which it happened; all, or one order's (by the intent's `metadata.orderId`). */
export function ledgerEntries(store: Store, orderId: string | null): LedgerEntry[] {
  const columns = `intent_id AS "intentId", metadata, operation, amount_minor AS "amountMinor", currency, at,
    idempotency_key AS "idempotencyKey"`;
  const rows = orderId
    ? store
        .prepare(
          `SELECT ${columns} FROM ledger_entries WHERE json_extract(metadata, '$.orderId') = ? ORDER BY sequence`,
        )
        .all(orderId)
    : store.prepare(`SELECT ${columns} FROM ledger_entries ORDER BY sequence`).all();
  return rows.map((row) => ({ ...row, metadata: JSON.parse(String(row['metadata'])) as unknown }) as LedgerEntry);
}

/** An authorization is open until its intent was captured (even in part: the rest is let go) or canceled. */
export function ledgerSummary(store: Store): LedgerSummary {
  const rows = store
    .prepare(
      `SELECT currency,
         coalesce(sum(amount_minor) FILTER (WHERE operation = 'authorize' AND intent_id NOT IN (
           SELECT intent_id FROM ledger_entries WHERE operation IN ('capture', 'cancel'))), 0) AS authorized_open,
         coalesce(sum(amount_minor) FILTER (WHERE operation = 'capture'), 0) AS captured,
         coalesce(sum(amount_minor) FILTER (WHERE operation = 'refund'), 0) AS refunded
       FROM ledger_entries GROUP BY currency ORDER BY currency`,
    )
    .all();
  return Object.fromEntries(
    rows.map((row) => [
      String(row['currency']),
      {
        authorizedOpen: Number(row['authorized_open']),
        captured: Number(row['captured']),
        refunded: Number(row['refunded']),
      },
    ]),
  );
}
