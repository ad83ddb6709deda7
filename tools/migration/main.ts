import { existsSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DataSourceSettings } from '@cartwheel/postgres';
import { asProgram } from '../program.ts';
import { prepareDatabase, type ServiceName, services } from '../setup/databases.ts';
import { stackOption } from '../stack-option.ts';
import { Friendly } from '../stack/friendly.ts';
import { createProgress } from '../stack/progress.ts';
import { startStack } from '../stack/stack.ts';
import { difference } from './difference.ts';
import { migrationFile } from './migration-file.ts';

const root = join(import.meta.dirname, '../..');

const HELP = `npm run migration -- generate <service> <Name>
                               write the migration that leads from a service's
                               migrated database to its entities, for example
                               npm run migration -- generate order AddLoyalty
Starts a database of its own for that, and stops it. Says so where there is no
difference. Read what it wrote: a renamed column is one that is dropped and
another that is added. What TypeORM cannot say (a trigger, a partition, an index
with INCLUDE) is written by hand.`;

await asProgram(
  HELP,
  {},
  async ({ words: [verb, service = '', name = ''] }, signal) => {
    if (verb !== 'generate') throw new Friendly(HELP);
    if (!isService(service))
      throw new Friendly(`There is no service "${service}": it is one of ${services.join(', ')}.`);
    if (!/^([A-Z][a-z0-9]+)+$/.test(name))
      throw new Friendly(`"${name}" is no name of a migration: AddLoyalty is one.`);
    const statements = await differenceOf(service, signal);
    if (statements.length === 0) return console.log(`The entities of ${service} and its database are the same.`);
    const { file, className, text } = migrationFile(service, name, Date.now(), statements);
    await mkdir(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
    console.log(`${file}\n\nRead it, and add ${className} to the end of \`migrations\` in\n` + schemaFile(service));
  },
  { withWords: true },
);
process.exit();

function isService(name: string): name is ServiceName {
  return (services as readonly string[]).includes(name);
}

function schemaFile(service: ServiceName): string {
  return `apps/${service}/src/${service}.schema.ts`;
}

async function differenceOf(service: ServiceName, signal: AbortSignal): Promise<string[]> {
  const progress = createProgress();
  // Node runs no decorators: the entities are those of the build.
  const built = join(root, `apps/${service}/dist/entities.js`);
  if (!existsSync(built)) throw new Friendly('The services are not built: npx tsc -b');
  const { entities } = (await import(built)) as { entities: DataSourceSettings['entities'] };
  const folder = join(root, '.cartwheel/migration');
  const stack = await startStack({ folder, ports: 'free', progress, signal, ...stackOption(undefined) });
  try {
    const { admin } = await prepareDatabase(stack.addresses.postgres, service, 'migration');
    return await difference(admin, entities);
  } finally {
    await progress.step('stopping', () => stack.stop());
  }
}
