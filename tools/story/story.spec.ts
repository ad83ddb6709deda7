import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { serviceNames } from '../verify/target.ts';
import { axisOf } from './axis.ts';
import { diagnose } from './diagnose.ts';
import { faults } from './fixtures/faults.ts';
import { idOf, told } from './fixtures/told.ts';
import { lifeOf } from './life.ts';
import { renderHtml } from './render-html.ts';
import { firstScreen, renderTerminal } from './render-terminal.ts';
import { idsIn, type ServiceTrail } from './trails.ts';
import { treeOf } from './tree.ts';
import { offset, span } from './words.ts';

const lifeIn = (name: string) => lifeOf(told(faults.find(([one]) => one === name)![1]));

describe('the first screen', () => {
  test.each(faults)('when %s names the cause in one sentence', (...[, shop, sentence]) => {
    const life = lifeOf(told(shop));
    expect(diagnose(life).sentence).toBe(sentence);
    expect(firstScreen(life, diagnose(life)).split('\n').length).toBeLessThanOrEqual(12);
  });

  test('says what to type about a dead letter', () => {
    expect(diagnose(lifeIn('inventory has given the order up')).todo).toEqual([
      'npm run dead-letters -- show inventory/7 (then replay or discard it)',
    ]);
  });

  test('of a task that was dead and is back in its queue says that no worker has begun it since', () => {
    const [, shop] = faults.find(([name]) => name === 'the gateway is away')!;
    const authorize = { type: 'AuthorizePayment', cause: 'OrderPlaced', attempts: [[25, 525, 'TypeError']] } as const;
    const trails = told({ ...shop, work: [authorize] });
    const replayed = {
      type: 'AuthorizePayment',
      consumer: 'payment.card',
      action: 'replay',
      at: '2026-11-21T12:00:30.000Z',
    };
    const payment = {
      ...trails.told.payment!,
      actions: [{ ...replayed, id: idOf('AuthorizePayment') }],
    } as ServiceTrail<'payment'>;
    expect(diagnose(lifeOf({ ...trails, told: { ...trails.told, payment } })).sentence).toContain(
      'AuthorizePayment is in the queue payment.card, and no worker has begun it for 12 s;',
    );
  });

  test('of an order that nobody who answers knows says who does not answer', () => {
    const life = lifeOf({ ...told({ now: 0, status: 'placed', silent: ['order'] }) });
    expect(diagnose(life).sentence).toBe(
      'Nobody who answers knows this order, and order does not answer at http://127.0.0.1:7000.',
    );
  });
});

test.each(faults)('all of the story of an order when %s fits 80 columns', (...[, shop]) => {
  const life = lifeOf(told(shop));
  const lines = renderTerminal(life, diagnose(life)).split('\n');
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  expect(lines.join('\n')).not.toMatch(/NaN|undefined/);
});

describe('the tree', () => {
  const whats = (name: string) => treeOf(lifeIn(name)).map(({ branch, what }) => `${branch}${what}`);

  test('has each message below what caused it, and the request above all', () => {
    expect(whats('all is well')).toEqual([
      'POST /checkout',
      '└ OrderPlaced',
      '  ├ AuthorizePayment',
      '  ├ StockReserved',
      '  └ PaymentAuthorized',
      '    └ OrderConfirmed',
      '      ├ CapturePayment',
      '      └ PaymentReceived',
      '        └ OrderCompleted',
    ]);
  });

  test('is the same without analytics: what the order has acted upon stands in its own stream', () => {
    expect(whats('analytics is down')).toEqual(whats('all is well'));
  });

  test('shows each attempt that failed with its reason, and what was set aside', () => {
    expect(whats('the gateway is away')).toEqual(
      expect.arrayContaining(['  ├ AuthorizePayment', '  │   1: unreachable', '  │   3: unreachable']),
    );
    expect(whats('inventory has given the order up').join()).toContain('✗ dead at inventory (inventory/7)');
  });
});

test('the ids that are asked for again are those of messages: of facts, causes, tasks and what is parked, once each', () => {
  const ids = idsIn(told(faults.find(([name]) => name === 'all is well')![1]));
  const types = ['OrderPlaced', 'StockReserved', 'PaymentAuthorized', 'AuthorizePayment', 'CapturePayment'];
  expect(ids).toEqual(expect.arrayContaining(types.map(idOf)));
  expect(new Set(ids).size).toBe(ids.length);
});

test('an id that no service takes for one is not asked for: all of them would refuse the question', () => {
  const trails = told(faults.find(([name]) => name === 'all is well')![1]);
  const [event] = trails.told.order!.own.events;
  const foreign = { ...event!, causationId: '12345678-aaaa-aaaa-aaaa-aaaaaaaaaaaa' };
  const order = { ...trails.told.order!, own: { ...trails.told.order!.own, events: [foreign] } };
  expect(idsIn({ told: { order } })).toEqual([idOf('OrderPlaced')]);
});

describe('the page', () => {
  test.each(faults)('of an order when %s stands alone and shows each message', (...[, shop]) => {
    const life = lifeOf(told(shop));
    const page = renderHtml(life, diagnose(life));
    expect(page).toContain(diagnose(life).sentence.replaceAll("'", '&#39;'));
    expect(page).not.toMatch(/<script|src=|href=|@import|NaN|undefined/);
    for (const { type } of life.messages) expect(page).toContain(type);
  });

  test('of an order that hangs for a year takes no longer than of one that hangs for a minute, give or take', () => {
    const [, shop] = faults.find(([name]) => name === 'inventory has given the order up')!;
    const drawing = (now: number) => {
      const life = lifeOf(told({ ...shop, now }));
      const begun = performance.now();
      renderHtml(life, diagnose(life));
      return performance.now() - begun;
    };
    drawing(60_000);
    const minute = Math.max(...Array.from({ length: 5 }, () => drawing(60_000)));
    // Without a jump over the cut the ruler walks through the year in steps of milliseconds.
    expect(drawing(365 * 86_400_000) / minute).toBeLessThan(100);
  });

  test('does not take what a service says for HTML', () => {
    const life = lifeIn('the gateway is away');
    expect(renderHtml(life, { sentence: '<b>&', rules: [], todo: ['<i>'] })).toContain('&lt;b&gt;&amp;');
  });
});

describe('the axis', () => {
  const instants = fc.array(fc.integer({ min: 0, max: 100_000_000 }), { minLength: 1, maxLength: 60 });

  test('keeps the order of any instants, between 0 and its width', () => {
    fc.assert(
      fc.property(instants, (some) => {
        const axis = axisOf(some, 100);
        const places = some.toSorted((a, b) => a - b).map(axis.at);
        expect(places.every((place, index) => place >= (places[index - 1] ?? 0) && place <= 100)).toBe(true);
      }),
    );
  });

  test('is to scale where nothing is long, and cuts what is', () => {
    expect(axisOf([0, 10, 20, 30, 40, 50, 60, 70], 70).at(35)).toBeCloseTo(35);
    const cut = axisOf([0, 10, 20, 30, 40, 50, 60, 60_000], 70);
    expect(cut.cuts).toMatchObject([{ ms: 59_940 }]);
    expect(cut.at(60)).toBeGreaterThan(50);
  });
});

test.each([
  [0, '0 ms', '+0 ms'],
  [999, '999 ms', '+999 ms'],
  [1_040, '1.0 s', '+1.04 s'],
  [42_000, '42 s', '+42 s'],
  [185_000, '3 min 5 s', '+3m5s'],
  [7_800_000, '2 h 10 min', '+2h10m'],
  [273_600_000, '3 d 4 h', '+3d4h'],
])('%d ms is %s', (ms, words, after) => expect([span(ms), offset(ms)]).toEqual([words, after]));

test('without an id, a shop that cannot list its orders is told in one sentence', async () => {
  const server = createServer((_, response) => response.writeHead(503).end('{"code":"temporarily-unavailable"}'));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const folder = mkdtempSync(join(tmpdir(), 'story-'));
  const everywhere = (where: string) => Object.fromEntries(serviceNames.map((name) => [name, where]));
  writeFileSync(join(folder, 'shop.json'), JSON.stringify({ urls: everywhere(url), databases: everywhere('x') }));
  const main = join(import.meta.dirname, 'main.ts');
  const { stderr } = await promisify(execFile)(process.execPath, [main, '--folder', folder], {
    env: { PATH: process.env['PATH'] },
  }).catch((error: unknown) => error as { stderr: string });
  expect(stderr).toBe(`order does not list its orders at ${url}. npm run up starts the shop.\n`);
  server.close();
  rmSync(folder, { recursive: true });
});
