import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { thisMachine } from '../../stack/machine.ts';
import { alertRules } from '../../stack/native/prometheus.ts';
import { alertNames } from '../../telemetry/queries.ts';
import { faults } from './faults.ts';
import { inAHurry } from './hurry.ts';
import { alarmsClosing, alarmsTable } from './results.ts';

const rules = readFileSync(alertRules, 'utf8');

describe('rules in a hurry', () => {
  test('once is what it was', () => {
    expect(inAHurry(rules, 1)).toBe(rules);
  });

  test('ranges, `for:` and ages are divided; shares, states and buckets stay', () => {
    const rule = (range: string, age: number, more: number, wait: string) =>
      `expr: rate(x{le="60"}[${range}]) > 14.4 * 0.005 or y > ${age} and z == 2 and a > (b + ${more}) or c > 0\n        for: ${wait}`;
    expect(inAHurry(rule('1h', 1020, 300, '15m'), 10)).toBe(rule('360s', 102, 30, '90s'));
    expect(inAHurry(rule('5m', 90, 60, '30s'), 60)).toBe(rule('5s', 2, 1, '1s'));
  });

  test('no time of the rules is forgotten', () => {
    // Every duration and every number of 60 or more, wherever it stands; names of buckets and what is shown are no times.
    const timesIn = (text: string) =>
      text
        .split('\n')
        .filter((line) => !/^ *(#|summary|runbook)/.test(line))
        .map((line) => line.replaceAll(/"[^"]*"/g, '').match(/\b\d+[smhd]\b|\b\d{2,}\b(?!\.)/g) ?? [])
        .map((times) => times.filter((time) => /[smhd]$/.test(time) || Number(time) >= 60));
    const [before, after] = [timesIn(rules), timesIn(inAHurry(rules, 7))];
    expect(before.flat().length).toBeGreaterThan(30);
    const same = before.flatMap((times, n) => times.filter((time, m) => time === after[n]?.[m]));
    expect(same).toEqual([]);
  });

  const promtool = thisMachine.which('promtool');
  if (promtool === undefined)
    process.stdout.write('rules in a hurry: not tried, promtool is not here (apt: prometheus)\n');
  (promtool === undefined ? test.skip : test)('Prometheus takes them', () => {
    const folder = mkdtempSync(join(tmpdir(), 'rules-'));
    writeFileSync(join(folder, 'rules.yml'), inAHurry(rules, 10));
    const { status, stdout } = spawnSync(promtool!, ['check', 'rules', 'rules.yml'], { cwd: folder, encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    expect({ status, stdout }).toMatchObject({ status: 0, stdout: expect.stringContaining('14 rules found') });
  });
});

describe('faults', () => {
  test('there is one for each alarm at least, in the order of the rules', () => {
    expect([...new Set(faults.map(({ alarm }) => alarm))]).toEqual(alertNames());
  });

  test('docs/promises/drill.md has a result for each: it fired, and it ended', () => {
    const text = readFileSync(join(import.meta.dirname, '../../../docs/promises/drill.md'), 'utf8').split(
      'And as the rules are',
    )[0]!;
    const rows = [...text.matchAll(/^\| (\w+) +\| (.+?) +\| (\d+ s) +\| (\d+ s) +\| .+ \|$/gm)];
    expect(rows.map(([, alarm, broken]) => `${alarm}: ${broken}`)).toEqual(
      faults.map(({ alarm, broken }) => `${alarm}: ${broken}`),
    );
  });
});

test('an alarm that did not fire is no success', () => {
  const row = { alarm: 'A', broken: 'b', beside: ['C'] };
  const rows = [
    { ...row, firedAfterMs: 1_400, endedAfterMs: 12_600 },
    { ...row, missed: 'not within 3 s: it fires' },
    { ...row, firedAfterMs: 3_000, missed: 'not within 3 s: it has ended' },
  ];
  expect(alarmsTable(rows).split('\n').slice(2)).toEqual([
    '| A | b | 1 s | 13 s | C |',
    '| A | b | never | never | C |',
    '| A | b | 3 s | never | C |',
  ]);
  expect(alarmsClosing(rows)).toBe('3 faults, 1 alarms fired and ended');
});
