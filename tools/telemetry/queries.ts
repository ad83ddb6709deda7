import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const folder = join(import.meta.dirname, '../../infra/telemetry');

/** A query, and where it stands. */
export type Query = [where: string, query: string];

/** The rules are read as text: their file is simple, and no parser of YAML is among the tools. */
function rules(): string[] {
  return readFileSync(join(folder, 'alerts.yml'), 'utf8')
    .split(/^ +- alert: /m)
    .slice(1);
}

export function alertNames(): string[] {
  return rules().map((rule) => /^\w+/.exec(rule)![0]);
}

export function alertQueries(): Query[] {
  return rules().map((rule) => {
    const [, query] = /^ +expr: (?:\|\n)?(.*?)(?=^ +(?:for|labels):)/ms.exec(rule)!;
    return [`the alert ${/^\w+/.exec(rule)![0]}`, query!];
  });
}

type Panel = { title: string; description: string; targets: { expr: string }[] };

function dashboards(): { name: string; panels: Panel[] }[] {
  return globSync(join(folder, 'dashboards/*.json'))
    .toSorted()
    .map((file) => ({
      name: basename(file, '.json'),
      ...(JSON.parse(readFileSync(file, 'utf8')) as { panels: Panel[] }),
    }));
}

export function dashboardNames(): string[] {
  return dashboards().map(({ name }) => name);
}

export function dashboardQueries(): Query[] {
  return dashboards().flatMap(({ name, panels }) =>
    panels.flatMap(({ title, targets }) => targets.map(({ expr }): Query => [`${name}, ${title}`, expr])),
  );
}
