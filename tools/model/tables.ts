/**
 * The tables of order, payment and inventory in memory, for the statements that their repositories really send: each stands
 * here word for word, and one that is not known is an error, so that the model cannot lag behind the code in silence. What
 * PostgreSQL itself decides is modelled by hand from the schemas: primary and unique keys, the ledger's CHECK per kind, its
 * trigger, the levels that are never negative. Locks are not: a transaction of the model is never interleaved with another.
 */
type Row = Readonly<Record<string, unknown>>;
type Levels = { readonly available: number; readonly reserved: number; readonly shipped: number };

export class Tables {
  readonly orders = new Map<string, Row>();
  readonly orderEvents = new Map<string, Row>();
  readonly payments = new Map<string, Row>();
  readonly stock = new Map<string, Levels>();
  readonly earlyCancellations = new Map<string, true>();
  readonly reservations = new Map<string, Row>();
  readonly earlyEnds = new Map<string, Row>();
  readonly processed = new Map<string, true>();
  #undo: (() => void)[] | undefined;

  /** All of it, or nothing. */
  async transaction<T>(work: () => Promise<T>): Promise<T> {
    if (this.#undo) throw new Error('a transaction of the model is open already');
    this.#undo = [];
    try {
      return await work();
    } catch (error) {
      for (const undo of this.#undo.reverse()) undo();
      throw error;
    } finally {
      this.#undo = undefined;
    }
  }

  query<R>(sql: string, values: readonly unknown[] = []): Promise<R[]> {
    const known = statements.get(words(sql));
    if (!known) throw new Error(`the model does not know this statement: ${words(sql)}`);
    return Promise.resolve(known(this, values) as R[]);
  }

  /** False when it was claimed before. */
  claim(consumer: string, id: string): boolean {
    const key = `${consumer} ${id}`;
    if (this.processed.has(key)) return false;
    this.set(this.processed, key, true);
    return true;
  }

  set<V>(table: Map<string, V>, key: string, row: V): void {
    const before = table.get(key);
    this.#undo?.push(() => (before === undefined ? table.delete(key) : table.set(key, before)));
    table.set(key, row);
  }

  /** @throws where the primary key would */
  insert<V>(table: Map<string, V>, key: string, row: V): void {
    if (table.has(key)) throw new Error(`duplicate key ${key}`);
    this.set(table, key, row);
  }

  /** A row of stock_movements: its CHECK, and its trigger. */
  move(sku: string, kind: string, by: Levels): void {
    const { available, reserved, shipped } = by;
    const allowed =
      (kind === 'replenished' && available > 0 && reserved === 0 && shipped === 0) ||
      (kind === 'reserved' && reserved > 0 && available === -reserved && shipped === 0) ||
      (kind === 'released' && available > 0 && reserved === -available && shipped === 0) ||
      (kind === 'shipped' && shipped > 0 && reserved === -shipped && available === 0) ||
      (kind === 'returned' && available > 0 && shipped === -available && reserved === 0);
    if (!allowed) throw new Error(`stock_movements_kind_chk: ${kind} ${JSON.stringify(by)}`);
    const level = this.stock.get(sku)!;
    const next = {
      available: level.available + available,
      reserved: level.reserved + reserved,
      shipped: level.shipped + shipped,
    };
    if (Math.min(...Object.values(next)) < 0) throw new Error(`stock_levels_chk: ${sku} ${JSON.stringify(next)}`);
    this.set(this.stock, sku, next);
  }
}

type Statement = (tables: Tables, values: readonly unknown[]) => readonly unknown[];

const words = (sql: string) => sql.replaceAll(/\s+/g, ' ').trim();
const found = (row: unknown) => (row === undefined ? [] : [row]);
const paymentBy =
  (column: 'order_id' | 'payment_id'): Statement =>
  ({ payments }, [id]) =>
    found([...payments.values()].find((row) => row[column] === id));
const change = (tables: Tables, id: unknown, changes: Row) => {
  const row = tables.payments.get(id as string);
  if (row) tables.set(tables.payments, id as string, { ...row, ...changes });
  return found(row);
};

/** What TypeORM writes for `find…`: the columns of an entity, each under a name of its own. */
const select = (entity: string, table: string, columns: string, by: string, tail = '') =>
  `SELECT ${columns
    .split(' ')
    .map((column) => `"${entity}"."${column}" AS "${entity}_${column}"`)
    .join(', ')} FROM "${table}" "${entity}" WHERE (("${entity}"."${by}" = $1))${tail}`;
/** The rows as that statement gives them. */
const as =
  (entity: string, rows: Statement): Statement =>
  (tables, values) =>
    rows(tables, values).map((row) =>
      Object.fromEntries(Object.entries(row as Row).map(([column, value]) => [`${entity}_${column}`, value])),
    );
const LOCKED = ' LIMIT 1 FOR UPDATE';
const PAYMENT =
  'payment_id order_id state amount_minor currency payment_method intent_id failure_code attempts refunded_minor ' +
  'correlation_id causation_id created_at updated_at';

const statements = new Map<string, Statement>(
  Object.entries({
    [select('OrderEntity', 'orders', 'order_id version status state placed_at updated_at', 'order_id', LOCKED)]: as(
      'OrderEntity',
      ({ orders }, [id]) => found(orders.get(id as string)),
    ),
    'INSERT INTO order_events (stream_id, version, type, data, fact_id, correlation_id, causation_id) SELECT $1, version, type, data, fact_id, correlation_id, causation_id FROM jsonb_to_recordset($2::jsonb) AS r(version int, type text, data jsonb, fact_id uuid, correlation_id uuid, causation_id text) ON CONFLICT DO NOTHING RETURNING version':
      (tables, [id, rows]) =>
        (JSON.parse(rows as string) as { version: number }[]).filter(({ version, ...event }) => {
          const key = `${String(id)} ${version}`;
          const isNew = !tables.orderEvents.has(key);
          if (isNew) tables.set(tables.orderEvents, key, event);
          return isNew;
        }),
    'INSERT INTO "orders"("order_id", "version", "status", "state", "placed_at", "updated_at") VALUES ($1, $2, $3, $4, (SELECT min(occurred_at) FROM order_events WHERE stream_id = $5), (SELECT max(occurred_at) FROM order_events WHERE stream_id = $5))':
      (tables, [order_id, version, status, state]) => {
        const row = { order_id, version, status, state: JSON.parse(state as string) as unknown };
        tables.insert(tables.orders, order_id as string, row);
        return [row];
      },
    'UPDATE "orders" SET "version" = $1, "status" = $2, "state" = $3, "updated_at" = (SELECT max(occurred_at) FROM order_events WHERE stream_id = $4) WHERE ("order_id" = $5 AND "version" = $6)':
      (tables, [version, status, state, , order_id, before]) => {
        if (tables.orders.get(order_id as string)?.['version'] !== before) return [];
        const row = { order_id, version, status, state: JSON.parse(state as string) as unknown };
        tables.set(tables.orders, order_id as string, row);
        return [row];
      },
    [select('PaymentEntity', 'payments', PAYMENT, 'order_id', LOCKED)]: as('PaymentEntity', paymentBy('order_id')),
    [select('PaymentEntity', 'payments', PAYMENT, 'payment_id', LOCKED)]: as('PaymentEntity', paymentBy('payment_id')),
    'SELECT payment_id AS "paymentId", order_id AS "orderId", state, amount_minor AS "amountMinor", currency, attempts, payment_method AS "paymentMethod", intent_id AS "intentId", failure_code AS "failureCode", refunded_minor AS "refundedMinor" FROM payments WHERE payment_id = $1':
      (tables, values) =>
        paymentBy('payment_id')(tables, values).map((row) =>
          Object.fromEntries(
            Object.entries(row as Row).map(([column, value]) => [
              column.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
              value,
            ]),
          ),
        ),
    'SELECT correlation_id AS "correlationId", causation_id AS "causationId" FROM payments WHERE payment_id = $1':
      () => [{ correlationId: '', causationId: '' }],
    'INSERT INTO "payments"("payment_id", "order_id", "state", "amount_minor", "currency", "payment_method", "intent_id", "failure_code", "attempts", "refunded_minor", "correlation_id", "causation_id", "created_at", "updated_at") VALUES ($1, $2, $3, $4, $5, $6, DEFAULT, DEFAULT, DEFAULT, DEFAULT, $7, $8, DEFAULT, DEFAULT) RETURNING "attempts", "created_at", "updated_at"':
      (tables, [payment_id, order_id, state, amount_minor, currency, payment_method]) => {
        if (paymentBy('order_id')(tables, [order_id]).length > 0) throw new Error('payments_order_id_uq');
        const nothing = { intent_id: null, failure_code: null, attempts: {}, refunded_minor: null };
        const row = { payment_id, order_id, state, amount_minor, currency, payment_method, ...nothing };
        tables.insert(tables.payments, payment_id as string, row);
        return [row];
      },
    'UPDATE "payments" SET "state" = $1, "failure_code" = $2, "refunded_minor" = $3, "causation_id" = $4, "updated_at" = now() WHERE "payment_id" = $5':
      (tables, [state, failure_code, refunded_minor, , id]) =>
        change(tables, id, { state, failure_code, refunded_minor }),
    'UPDATE "payments" SET "intent_id" = $1, "attempts" = $2, "updated_at" = now() WHERE "payment_id" = $3': (
      tables,
      [intent_id, attempts, id],
    ) => change(tables, id, { intent_id, attempts: JSON.parse(attempts as string) as unknown }),
    'INSERT INTO "early_cancellations"("order_id", "noted_at") VALUES ($1, DEFAULT) ON CONFLICT DO NOTHING': (
      tables,
      [id],
    ) => {
      tables.set(tables.earlyCancellations, id as string, true);
      return [];
    },
    'SELECT 1 AS "row_exists" FROM (SELECT 1 AS dummy_column) "dummy_table" WHERE EXISTS (SELECT 1 FROM "early_cancellations" "EarlyCancellationEntity" WHERE (("EarlyCancellationEntity"."order_id" = $1))) LIMIT 1':
      ({ earlyCancellations }, [id]) => found(earlyCancellations.get(id as string)),
    'SELECT sku, available FROM stock WHERE sku = ANY($1)': ({ stock }, [skus]) =>
      (skus as string[]).flatMap((sku) => found(stock.get(sku)).map((level) => ({ sku, ...(level as Levels) }))),
    "INSERT INTO reservations (order_id, sku, quantity, state) SELECT $1, sku, quantity, 'reserved' FROM unnest($2::text[], $3::int[]) AS item(sku, quantity)":
      (tables, [order_id, skus, quantities]) => {
        for (const [index, sku] of (skus as string[]).entries()) {
          const row = { order_id, sku, quantity: (quantities as number[])[index], state: 'reserved' };
          tables.insert(tables.reservations, `${String(order_id)} ${sku}`, row);
        }
        return [];
      },
    'UPDATE reservations SET state = $3, updated_at = now() WHERE order_id = $1 AND state = $2 RETURNING sku, quantity':
      (tables, [id, before, after]) => {
        const due = [...tables.reservations].filter(([, row]) => row['order_id'] === id && row['state'] === before);
        for (const [key, row] of due) tables.set(tables.reservations, key, { ...row, state: after });
        return due.map(([, row]) => row);
      },
    'INSERT INTO "early_ends"("order_id", "ends_as", "noted_at") VALUES ($1, $2, DEFAULT) ON CONFLICT DO NOTHING': (
      tables,
      [order_id, ends_as],
    ) => {
      tables.set(tables.earlyEnds, `${String(order_id)} ${String(ends_as)}`, { order_id, ends_as });
      return [];
    },
    [select('EarlyEndEntity', 'early_ends', 'order_id ends_as noted_at', 'order_id')]: as(
      'EarlyEndEntity',
      ({ earlyEnds }, [id]) => [...earlyEnds.values()].filter(({ order_id }) => order_id === id),
    ),
    'INSERT INTO stock_movements (sku, order_id, kind, available, reserved, shipped) SELECT sku, $1, $2, quantity * $5, quantity * $6, quantity * $7 FROM unnest($3::text[], $4::int[]) AS item(sku, quantity)':
      (tables, [, kind, skus, quantities, available, reserved, shipped]) => {
        for (const [index, sku] of (skus as string[]).entries()) {
          const by = (direction: unknown) => (quantities as number[])[index]! * (direction as number);
          const levels = { available: by(available), reserved: by(reserved), shipped: by(shipped) };
          tables.move(sku, kind as string, levels);
        }
        return [];
      },
    'INSERT INTO processed_events (consumer, event_id) SELECT $1, id FROM unnest($2::uuid[]) AS id ORDER BY id ON CONFLICT DO NOTHING RETURNING event_id':
      (tables, [consumer, ids]) =>
        (ids as string[]).filter((id) => tables.claim(consumer as string, id)).map((event_id) => ({ event_id })),
  } satisfies Record<string, Statement>),
);
