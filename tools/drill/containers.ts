import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Friendly } from '../stack/friendly.ts';
import type { Progress } from '../stack/progress.ts';
import { failuresOf, hasFailed, renderVerdicts, type Target, verify } from '../verify/verify.ts';
import { Shoppers } from './shoppers.ts';

/** The services of docker-compose.yml that stay. */
export const containers = [
  ...['order', 'payment', 'inventory', 'email', 'analytics'],
  ...['gateway-simulator', 'maildev', 'rabbitmq', 'kafka', 'postgres'],
] as const;

const faults = {
  /** SIGKILL. Docker leaves it dead, whatever its restart policy: to it, somebody wanted it so. */
  killed: { begin: ['kill'], end: ['start'] },
  /** Frozen: it keeps its connections and says nothing. */
  paused: { begin: ['pause'], end: ['unpause'] },
  /** It runs, and nobody reaches it, nor it anybody. */
  'cut off': { begin: ['network', 'disconnect'], end: ['network', 'connect'] },
} as const;

export type ContainerRow = { readonly container: string; readonly fault: string; readonly verdict: string };

const LASTS_MS = 10_000;
const CUSTOMERS = 6;
const PATIENCE_MS = 180_000;

/** One container after the other is killed, paused and cut off under load, in a shop that is up; after each, every promise. */
export async function drillContainers(
  { target, only }: { target: Target; only: string | undefined },
  progress: Progress,
  signal: AbortSignal,
): Promise<ContainerRow[]> {
  const chosen = containers.filter((name) => only === undefined || name === only);
  if (chosen.length === 0) throw new Friendly(`There is no container ${only}: ${containers.join(', ')}.`);
  const ids = new Map(await Promise.all(chosen.map(async (name) => [name, await idOf(name)] as const)));
  const shoppers = new Shoppers(target.urls.order, signal);
  const rows: ContainerRow[] = [];
  for (const [name, id] of ids) {
    for (const [fault, { begin, end }] of Object.entries(faults)) {
      // Its mailbox is in memory: nobody could tell any more which mails had arrived.
      if (name === 'maildev' && fault === 'killed') continue;
      const title = `${name} ${fault} for ${LASTS_MS / 1_000} s, and back`;
      await progress.step(title, async () => {
        shoppers.come(CUSTOMERS);
        const network = begin.length > 1 ? await networkOf(id) : undefined;
        await docker([...begin, ...(network ?? []), id]);
        try {
          await sleep(LASTS_MS, undefined, { signal });
        } finally {
          // Its name in the network is an alias, which it would not have again by itself.
          await docker([...end, ...(network ? ['--alias', name, ...network] : []), id]);
        }
        await shoppers.goHome();
      });
      const verdicts = await progress.step('coming to rest, and checking every promise', () =>
        verify(target, { patienceMs: PATIENCE_MS, signal }),
      );
      const failed = verdicts.filter(hasFailed);
      if (failed.length > 0) progress.say(renderVerdicts(failed));
      rows.push({ container: name, fault, verdict: failuresOf(failed) });
    }
  }
  for (const offender of shoppers.offenders) progress.say(`✗ ${offender}`);
  progress.say(`${shoppers.orders.size} orders, ${shoppers.repeats} requests sent again`);
  if (shoppers.offenders.length > 0) rows.push({ container: 'customers', fault: 'saw', verdict: 'broken: 9' });
  return rows;
}

export function containersTable(rows: readonly ContainerRow[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const kinds = Object.keys(faults);
  const names = [...new Set(rows.map(({ container }) => container))];
  const verdictOf = (name: string, kind: string) =>
    rows.find(({ container, fault }) => container === name && fault === kind)?.verdict ?? '–';
  const body = names.map((name) => line([name, ...kinds.map((kind) => verdictOf(name, kind))]));
  return [line(['container', ...kinds]), line(['---', ...kinds.map(() => '---')]), ...body].join('\n');
}

async function idOf(service: string): Promise<string> {
  const id = (await docker(['compose', 'ps', '--quiet', service])).trim();
  if (id === '') throw new Friendly(`${service} does not run in Docker: docker compose up --detach`);
  return id;
}

async function networkOf(id: string): Promise<string[]> {
  const format = '{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}';
  return (await docker(['inspect', '--format', format, id])).trim().split(' ');
}

function docker(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('docker', args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data) => (stdout += data));
    child.stderr.on('data', (data) => (stderr += data));
    child.once('error', () => reject(new Friendly('There is no docker command here.')));
    child.once('close', (code) =>
      code === 0 ? resolve(stdout) : reject(new Friendly(`docker ${args.join(' ')}: ${stderr.trim()}`)),
    );
  });
}
