import { DataSource, type EntityManager } from 'typeorm';
import { entities as inventory } from '../../apps/inventory/src/entities.ts';
import { entities as order } from '../../apps/order/src/entities.ts';
import { entities as payment } from '../../apps/payment/src/entities.ts';

const dataSource = new DataSource({ type: 'postgres', entities: [...order, ...payment, ...inventory] });
// All of `initialize()` but the connection.
await dataSource['buildMetadatas']();

type Query = (sql: string, values?: readonly unknown[]) => Promise<unknown[]>;

/** The manager of a transaction that has no database: the statements that TypeORM writes go to `query`. */
export function managerOn(query: Query): EntityManager {
  const runner = dataSource.createQueryRunner();
  Object.assign(runner, { isTransactionActive: true });
  runner.query = async (sql: string, values?: unknown[]) => {
    const records = await query(sql, values);
    return { records, raw: records, affected: records.length };
  };
  return runner.manager;
}
