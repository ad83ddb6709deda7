import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createProgress } from './progress.ts';

let written: string;
const output = (isTTY: boolean) => ({
  isTTY,
  columns: 40,
  write: (text: string) => {
    written += text;
    return true;
  },
});
/** A step that ends when the clock of the test says so. */
const lasting = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

beforeEach(() => {
  written = '';
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

describe('without a terminal', () => {
  test('a short step is one line at its end', async () => {
    const step = createProgress(output(false)).step('PostgreSQL', () => lasting(600));
    await jest.advanceTimersByTimeAsync(1_000);
    await step;
    expect(written).toBe('✓ PostgreSQL  0.6 s\n');
  });

  test('a long step says what it is after 2 s, and every 10 s that it still is', async () => {
    const step = createProgress(output(false)).step('Kafka', () => lasting(21_000));
    await jest.advanceTimersByTimeAsync(22_000);
    await step;
    expect(written).toBe('… Kafka\n  still Kafka, 10 s\n  still Kafka, 20 s\n✓ Kafka  21.0 s\n');
  });

  test('a step that fails is marked, and its error goes on', async () => {
    const step = createProgress(output(false)).step('RabbitMQ', () => Promise.reject(new Error('no')));
    await expect(step).rejects.toThrow('no');
    expect(written).toBe('✗ RabbitMQ  0.0 s\n');
  });
});

test('on a terminal, steps side by side share one line that never breaks', async () => {
  const progress = createProgress(output(true));
  const titles = ['PostgreSQL', 'Kafka', 'RabbitMQ', 'Mailbox'];
  const steps = titles.map((title, position) => progress.step(title, () => lasting(1_000 + position)));
  await jest.advanceTimersByTimeAsync(1_500);
  await Promise.all(steps);

  const shown = written.split(/\r\x1b\[2K|\n/);
  expect(shown).toContain('… PostgreSQL 0 s · Kafka 0 s · RabbitMQ');
  expect(Math.max(...shown.map((line) => line.length))).toBeLessThan(40);
  expect(shown.filter((line) => line.startsWith('✓'))).toHaveLength(4);
});
