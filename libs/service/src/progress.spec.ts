import { expect, test } from '@jest/globals';
import { eventually } from '@cartwheel/testing';
import { Progress } from './progress.ts';

const never = new Promise<never>(() => undefined);

test('work in hand that does not move is stuck, beside others that do', async () => {
  const progress = new Progress(60);
  void progress.during(() => never);
  let moves = true;
  const moving = progress.during(async (moved) => {
    while (moves) {
      moved();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });
  expect(progress.alive).toBe(true);
  await eventually(() => expect(progress.alive).toBe(false));
  moves = false;
  await moving;
  expect(progress.alive).toBe(false);
});

test('work that moves, or has ended well or badly, is alive, however long it takes', async () => {
  const progress = new Progress(200);
  const began = performance.now();
  await progress.during(async (moved) => {
    while (performance.now() - began < 500) {
      moved();
      await new Promise((resolve) => setTimeout(resolve, 1));
      expect(progress.alive).toBe(true);
    }
  });
  await expect(progress.during(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await new Promise((resolve) => setTimeout(resolve, 250));
  expect(progress.alive).toBe(true);
});
