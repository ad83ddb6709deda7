import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asProgram } from '../program.ts';
import { describeMessages, FILE } from './describe.ts';

const HELP = `npm run messages              who tells whom what, over which channel

Writes docs/reference/messages.md from the topology and the schemas of libs/contracts.
No engine is needed. A test says when the file is not up to date.`;

await asProgram(HELP, {}, async () => {
  writeFileSync(join(import.meta.dirname, '../..', FILE), await describeMessages());
  console.log(`  ${FILE}`);
});
