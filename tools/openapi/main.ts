import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { asProgram } from '../program.ts';
import { createProgress } from '../stack/progress.ts';
import { describeApis } from './describe.ts';

const root = join(import.meta.dirname, '../..');

const help = `Usage: npm run openapi

Asks each service how its API looks, and writes

  docs/reference/openapi/<service>.json  OpenAPI 3.1, as at /docs/openapi.json
  libs/client/src/order-api.ts           the types of the order client

No engine is needed. A test says when these files are not up to date.`;

await asProgram(help, {}, async () => {
  const files = await createProgress().step('asking the services', () =>
    describeApis(join(root, '.cartwheel/openapi')),
  );
  for (const [file, text] of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
    console.log(`  ${file}`);
  }
});
