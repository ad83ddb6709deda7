import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { thisMachine } from '../machine.ts';
import { layers, type RunningProcess, startProcess, waitUntilReady } from '../processes.ts';
import { repository } from './start.ts';

export const alertRules = join(repository, 'infra/telemetry/alerts.yml');

/** Why Prometheus cannot run here; undefined when it can. */
export function prometheusIsMissing(): string | undefined {
  return thisMachine.which('prometheus') ? undefined : 'there is no Prometheus (apt: prometheus)';
}

/** A real Prometheus on loopback, with our rules, or with those of a text, that scrapes these `host:port`s every two seconds. */
export async function startPrometheus({
  folder,
  port,
  targets,
  rules,
}: {
  folder: string;
  port: number;
  targets: readonly string[];
  rules?: string;
}): Promise<RunningProcess> {
  const home = join(folder, 'prometheus');
  await mkdir(home, { recursive: true });
  const config = {
    // A page waits for a second for a database or broker that is silent: within one second it would not answer in time.
    global: { scrape_interval: '2s', evaluation_interval: '1s' },
    rule_files: [rules === undefined ? alertRules : 'rules.yml'],
    scrape_configs: [{ job_name: 'cartwheel', static_configs: [{ targets }] }],
  };
  if (rules !== undefined) await writeFile(join(home, 'rules.yml'), rules);
  // JSON is YAML too.
  await writeFile(join(home, 'prometheus.yml'), JSON.stringify(config));
  const prometheus = startProcess({
    name: 'prometheus',
    command: thisMachine.which('prometheus')!,
    args: ['--config.file=prometheus.yml', '--storage.tsdb.path=data', `--web.listen-address=127.0.0.1:${port}`],
    folder,
    cwd: home,
    layer: layers.engine,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
  });
  const ready = () =>
    fetch(`http://127.0.0.1:${port}/-/ready`, { signal: AbortSignal.timeout(1_000) }).then(
      ({ ok }) => ok,
      () => false,
    );
  await waitUntilReady(prometheus, ready, { deadlineMs: 30_000 });
  return prometheus;
}
