import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeApis } from './describe.ts';

const root = join(import.meta.dirname, '../..');

test('the committed API documents and the typed client are what the services say of themselves', async () => {
  const files = await describeApis(join(root, '.cartwheel/test/openapi'));
  // Differs? npm run openapi
  for (const [file, text] of files)
    expect(`${file}\n${readFileSync(join(root, file), 'utf8')}`).toBe(`${file}\n${text}`);
});
