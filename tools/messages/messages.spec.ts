import { type FactType, facts, factTypes, tasks, type TaskType } from '@cartwheel/contracts';
import { expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FILE } from './describe.ts';
import { factExamples, taskExamples } from './examples.ts';

const root = join(import.meta.dirname, '../..');
const committed = readFileSync(join(root, FILE), 'utf8');

test('docs/reference/messages.md is what topology and schemas say', () => {
  // In a process of its own: prettier loads its parsers with an import that Jest does not know.
  const script = `import(${JSON.stringify(join(import.meta.dirname, 'describe.ts'))}).then(async (it) => process.stdout.write(await it.describeMessages()))`;
  const made = execFileSync(process.execPath, ['-e', script], { encoding: 'utf8', env: { PATH: process.env['PATH'] } });
  // Differs? npm run messages
  expect(committed).toBe(made);
});

test.each([...factTypes, ...(Object.keys(tasks) as TaskType[])])(
  'the example of %s is what its schema takes, and stands there',
  (type) => {
    const { schema } = { ...facts, ...tasks }[type];
    const example: unknown = { ...factExamples, ...taskExamples }[type as FactType];
    expect(schema.parse(example)).toEqual(example);
    const section = committed.split(`### ${type}\n`)[1]!.split('\n#')[0]!;
    expect(JSON.parse(/```json\n(.*?)```/s.exec(section)![1]!)).toEqual(example);
  },
);
