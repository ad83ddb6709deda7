import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brokersOption } from '../brokers-option.ts';
import { startNative } from './native.ts';
import { brokersOfData } from './native/kafka-node.ts';
import { portsFromBase } from './ports.ts';
import { silent } from './progress.ts';
import { startStack } from './stack.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'brokers-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const options = { ports: portsFromBase(20_000), progress: silent } as const;

function formatted(...homes: string[]): void {
  for (const home of homes) {
    mkdirSync(join(folder, home), { recursive: true });
    writeFileSync(join(folder, home, 'ready'), '');
  }
}

test('data tells of how many brokers it is, and only once all of them are formatted', () => {
  expect(brokersOfData(folder)).toBeUndefined();
  formatted('kafka/1', 'kafka/2');
  expect(brokersOfData(folder)).toBeUndefined();
  formatted('kafka/3');
  expect(brokersOfData(folder)).toBe(3);
});

test.each([
  [['kafka'], 3, /a shop with one Kafka broker: it cannot go on with three.*--brokers 1, or delete that folder/],
  [['kafka/1', 'kafka/2', 'kafka/3'], 1, /three Kafka brokers: it cannot go on with one.*--brokers 3/],
] as const)('data that is kept in %s does not start with %s brokers', async (homes, brokers, sentence) => {
  formatted(...homes);
  await expect(startNative({ ...options, folder, data: 'keep', brokers })).rejects.toThrow(sentence);
});

test('three brokers in Docker are refused', async () => {
  const started = startStack({ ...options, folder, provider: 'docker', brokers: 3 });
  await expect(started).rejects.toThrow(/leave --stack out, or say --stack native/);
});

test('--brokers is 1 or 3', () => {
  expect(brokersOption(undefined)).toEqual({});
  expect(brokersOption('1')).toEqual({ brokers: 1 });
  expect(brokersOption('3')).toEqual({ brokers: 3 });
  expect(() => brokersOption('2')).toThrow('--brokers is "2"; it must be 1 or 3.');
});
