import { attributes, labelOf, metrics, seriesOf } from '@cartwheel/observability';
import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { thisMachine } from '../stack/machine.ts';
import { alertNames, alertQueries, dashboardNames, dashboardQueries } from './queries.ts';

const folder = join(import.meta.dirname, '../../infra/telemetry');
const runbook = readFileSync(join(import.meta.dirname, '../../docs/operate/runbook.md'), 'utf8');

const series = new Set(['up', ...Object.values(metrics).flatMap(seriesOf)]);
/** Prometheus's own beside ours; `service_name` stands on every series. */
const labels = new Set(['le', 'job', 'instance', 'service_name', ...Object.values(attributes).map(labelOf)]);

/** The names of series and labels in a query. What else is a word in PromQL stands before a parenthesis, or is a keyword. */
function namesIn(query: string) {
  const bare = query.replaceAll(/"[^"]*"/g, '""').replaceAll(/\[[^\]]*\]/g, '');
  const lists = [...bare.matchAll(/\b(?:by|without|on) *\(([^)]*)\)/g)].flatMap(
    ([, list]) => list!.match(/\w+/g) ?? [],
  );
  const matchers = [...bare.matchAll(/(\w+) *(?:=~|!~|!=|=) *""/g)].map(([, label]) => label!);
  const rest = bare.replaceAll(/\b(?:by|without|on) *\([^)]*\)/g, ' ').replaceAll(/\{[^}]*\}/g, ' ');
  const words = rest.match(/\b[a-z]\w*\b(?! *\()/g) ?? [];
  return {
    labels: [...lists, ...matchers],
    series: words.filter((word) => !['and', 'or', 'unless', 'bool'].includes(word)),
  };
}

describe('rules and dashboards', () => {
  test.each([...alertQueries(), ...dashboardQueries()])('%s uses only names of names.ts', (_, query) => {
    const used = namesIn(query);
    expect(used.series.length).toBeGreaterThan(0);
    expect(used.series.filter((name) => !series.has(name))).toEqual([]);
    expect(used.labels.filter((name) => !labels.has(name))).toEqual([]);
  });

  test('a name that nobody has is found', () => {
    expect(namesIn('max by (wrong) (cartwheel_outbox_age{also="x"}) > 60 or vector(0)')).toEqual({
      series: ['cartwheel_outbox_age'],
      labels: ['wrong', 'also'],
    });
  });

  test('show every metric somewhere', () => {
    const used = new Set([...alertQueries(), ...dashboardQueries()].flatMap(([, query]) => namesIn(query).series));
    const unseen = Object.values(metrics).filter((metric) => !seriesOf(metric).some((name) => used.has(name)));
    // Counts beside the ages that tell more.
    expect(unseen.map(({ name }) => name)).toEqual(['cartwheel.payment.held', 'cartwheel.reservation.held']);
  });

  test('there are two dashboards, and their panels say what they show', () => {
    expect(dashboardNames()).toEqual(['checkout', 'messaging']);
  });
});

describe('alerts', () => {
  const sections = [...runbook.matchAll(/^## (\w+)\n(.*?)(?=^## |$(?![^]))/gms)].map(([, name, text]) => ({
    name,
    text,
  }));

  test('are sixteen at most, and each has a section in the runbook, in the same order, and no section has none', () => {
    expect(alertNames().length).toBeLessThanOrEqual(16);
    expect(sections.map(({ name }) => name)).toEqual(alertNames());
  });

  test.each(sections)(
    'the section of $name says what it means, where to look, what mends it and how to try it out',
    ({ text }) => {
      const parts = [...text!.matchAll(/^\*\*(.+?)\*\* \S/gm)].map(([, title]) => title);
      expect(parts).toEqual(['Means', 'First look', 'Fix', 'Try it out']);
    },
  );

  test('each names its section, and has a test in which it fires', () => {
    const rules = readFileSync(join(folder, 'alerts.yml'), 'utf8');
    const tests = readFileSync(join(folder, 'alerts.test.yml'), 'utf8');
    for (const name of alertNames()) {
      expect(rules).toContain(`runbook: docs/operate/runbook.md#${name.toLowerCase()}\n`);
      expect(tests).toContain(`runbook: 'docs/operate/runbook.md#${name.toLowerCase()}'`);
    }
  });

  const promtool = thisMachine.which('promtool');
  if (promtool === undefined)
    process.stdout.write('rules of alarms: not tried, promtool is not here (apt: prometheus)\n');
  (promtool === undefined ? test.skip : test)('fire and end as infra/telemetry/alerts.test.yml says', () => {
    const run = (...args: string[]) => spawnSync(promtool!, args, { cwd: folder, encoding: 'utf8' });
    for (const { status, stdout, stderr } of [
      run('check', 'rules', 'alerts.yml'),
      run('test', 'rules', 'alerts.test.yml'),
    ]) {
      expect({ status, said: `${stdout}${stderr}` }).toMatchObject({ status: 0 });
    }
  });
});
