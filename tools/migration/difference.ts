import type { DataSourceSettings } from '@cartwheel/postgres';
import { DataSource } from 'typeorm';

/**
 * What would have to be done to a migrated database so that it is as the entities say, a statement each. Checks are compared
 * by their names only, and so are the indexes that an entity names without columns. Needs administrator rights.
 */
export async function difference(url: string, entities: DataSourceSettings['entities']): Promise<string[]> {
  const dataSource = new DataSource({ type: 'postgres', url, entities: entities as never, installExtensions: false });
  await dataSource.initialize();
  try {
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    return upQueries.map(({ query }) => query);
  } finally {
    await dataSource.destroy();
  }
}
