import { expect, test } from '@jest/globals';
import { migrationFile } from './migration-file.ts';

test('a migration has its time in the names of file and class, and its statements in a line each', () => {
  const { file, className, text } = migrationFile('order', 'AddLoyalty', 1_800_000_000_000, [
    'ALTER TABLE "products" ADD "points" integer',
    'CREATE INDEX "products_points_idx" ON "products" ("points")',
  ]);
  expect(file).toBe('apps/order/src/migrations/1800000000000-add-loyalty.ts');
  expect(className).toBe('AddLoyalty1800000000000');
  expect(text).toContain(`    await db.query(\`
      ALTER TABLE "products" ADD "points" integer;
      CREATE INDEX "products_points_idx" ON "products" ("points");
    \`);`);
});
