import type { DataSourceSettings, Schema } from '@cartwheel/postgres';
import { testDatabase } from '@cartwheel/testing';
import { expect, test } from '@jest/globals';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { entities as analytics } from '../../apps/analytics/src/entities.ts';
import { schemas as analyticsSchemas } from '../../apps/analytics/src/analytics.schema.ts';
import { entities as email } from '../../apps/email/src/entities.ts';
import { schemas as emailSchemas } from '../../apps/email/src/email.schema.ts';
import { entities as inventory } from '../../apps/inventory/src/entities.ts';
import { schemas as inventorySchemas } from '../../apps/inventory/src/inventory.schema.ts';
import { entities as order } from '../../apps/order/src/entities.ts';
import { schemas as orderSchemas } from '../../apps/order/src/order.schema.ts';
import { entities as payment } from '../../apps/payment/src/entities.ts';
import { schemas as paymentSchemas } from '../../apps/payment/src/payment.schema.ts';
import { difference } from './difference.ts';

type Entities = DataSourceSettings['entities'];

async function differenceOf(schemas: readonly Schema[], entities: Entities): Promise<string[]> {
  const db = await testDatabase(schemas);
  try {
    return await difference(db.admin.url, entities);
  } finally {
    await db.drop();
  }
}

test.each<[string, readonly Schema[], Entities]>([
  ['order', orderSchemas, order],
  ['payment', paymentSchemas, payment],
  ['inventory', inventorySchemas, inventory],
  ['email', emailSchemas, email],
  ['analytics', analyticsSchemas, analytics],
])('the migrated database of %s is as its entities say', async (_, schemas, entities) => {
  expect(await differenceOf(schemas, entities)).toEqual([]);
});

@Entity('products')
class Loyal {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'products_pk' }) sku!: string;
  @Column('text') name!: string;
  @Column('int', { name: 'price_minor' }) priceMinor!: number;
  @Column('text') currency!: string;
  @Column('int', { nullable: true }) points!: number | null;
}

test('a column that an entity has and the table has not is a difference, and so is a check that no entity names', async () => {
  expect(await differenceOf(orderSchemas, [Loyal])).toEqual([
    'ALTER TABLE "products" DROP CONSTRAINT "products_price_minor_chk"',
    'ALTER TABLE "products" ADD "points" integer',
  ]);
});
