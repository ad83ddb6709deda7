import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isIn, windows } from './windows.ts';

const windowsAt = (moment: string, trail: string[]) =>
  windows.filter((window) => isIn(window, moment, trail)).map(({ name }) => name);

describe('windows are told apart', () => {
  test.each([
    [
      'a chunk of facts',
      ['INSERT INTO processed_events payment', 'SELECT k FROM payment', 'INSERT INTO outbox'],
      ['fact-before-commit'],
    ],
    ['a chunk of repeats', ['INSERT INTO processed_events payment'], []],
    [
      'a chunk with a fact that failed',
      ['INSERT INTO processed_events inventory', 'SELECT k FROM inventory', 'INSERT INTO parked_messages'],
      ['fact-before-commit', 'park-before-commit'],
    ],
    ['the outcome of a task', ['INSERT INTO processed_events payment.card'], ['outcome-before-commit']],
    ['a checkout', ['INSERT INTO idempotency_keys k', 'UPDATE idempotency_keys SET k'], ['checkout-before-commit']],
    ['a checkout that is a repeat', ['INSERT INTO idempotency_keys k', 'SELECT request_hash, response k'], []],
  ])('before the COMMIT of %s', (_, trail, expected) => {
    expect(windowsAt('before COMMIT', trail)).toEqual(expected);
  });

  test('a task that is sent for the first time, and one that is sent to the retry queue', () => {
    expect(windowsAt('before rabbitmq publish email.message.send', [])).toEqual(['task-before-send']);
    expect(windowsAt('before rabbitmq publish email.message.retry.1s', [])).toEqual(['ladder-before-send']);
  });

  test('an acknowledgement after an outcome, and one after a retry', () => {
    expect(windowsAt('before rabbitmq ack', ['INSERT INTO processed_events email.message'])).toEqual([
      'outcome-before-ack',
    ]);
    expect(windowsAt('before rabbitmq ack', ['rabbitmq publish email.message.retry.1s'])).toEqual([
      'ladder-before-ack',
    ]);
  });
});

test('docs/promises/drill.md lists every window with its services, and has a result for each of them', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/promises/drill.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `([\w-]+)` +\| (.*?) +\| ([\w, ]*?) +\|$/gm)];
  expect(rows.map(([, name, when, services]) => `${name}: ${when} (${services})`)).toEqual(
    windows.map(({ name, when, services }) => `${name}: ${when} (${services.join(', ')})`),
  );
  const results = [...text.matchAll(/^\| ([\w-]+) +\| (order|payment|inventory|email|analytics) +\|/gm)];
  const told = results.map(([, name, service]) => `${name} ${service}`);
  const known = windows.flatMap(({ name, services }) => services.map((service) => `${name} ${service}`));
  expect(told.toSorted()).toEqual(known.toSorted());
});
