import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { asProgram } from '../program.ts';
import { stackOption } from '../stack-option.ts';
import { Friendly } from '../stack/friendly.ts';
import { createProgress } from '../stack/progress.ts';
import { startStack } from '../stack/stack.ts';
import { environment } from './environment.ts';
import { backlogPart, type Bench, consumerPart, full, quick, relayPart, workerPart } from './parts.ts';
import { type Place, prepare, remove } from './place.ts';
import { backlogTable, markdown, ratesTable, text } from './render.ts';
import { measured } from './run.ts';

const HELP = `npm run bench                  how fast relay, consumer and worker are, each
                               beside what limits it, and how much memory a
                               backlog takes; about ten minutes
  -- --only <part>             relay, consumer, worker or backlog
  -- --quick                   a few messages: shows that it runs, says nothing
  -- --markdown                the tables for docs/operate/performance.md
  -- --stack docker|native|external
                               which engines; left out: your own if their
                               addresses are set, Docker if it answers, native
Starts engines of its own, on free ports, and stops them. A limit is what the
same batches take through the bare client, or the bare statements, in the same
run: ratios can be compared between machines, rates cannot. Nothing else should
run meanwhile.`;

const parts = { relay: relayPart, consumer: consumerPart, worker: workerPart };
const options = {
  only: { type: 'string' },
  quick: { type: 'boolean' },
  markdown: { type: 'boolean' },
  stack: { type: 'string' },
} as const;

await asProgram(HELP, options, async ({ only, stack: chosen, flags }, signal) => {
  if (only !== undefined && !(only in parts) && only !== 'backlog')
    throw new Friendly(`--only is "${only}"; it must be relay, consumer, worker or backlog.`);
  const progress = createProgress();
  const folder = join(import.meta.dirname, `../../.cartwheel/bench/${process.pid}`);
  const stack = await startStack({ folder, ports: 'free', progress, signal, ...stackOption(chosen) });
  const places: Place[] = [];
  const bench: Bench = {
    sizes: flags.has('quick') ? quick : full,
    place: async () => {
      signal.throwIfAborted();
      const place = await prepare(stack.addresses, `bench-${randomBytes(4).toString('hex')}`);
      places.push(place);
      return place;
    },
    run: (place, subject, count, handler = 'none') =>
      progress.step(`${subject}${handler === 'none' ? '' : `, ${handler}`}`, () =>
        measured({ subject, place, count, handler }, signal),
      ),
  };
  const print = flags.has('markdown') ? markdown : text;
  try {
    const about = await environment(stack);
    const tables: string[] = [];
    const rates = [];
    for (const [name, part] of Object.entries(parts)) if ((only ?? name) === name) rates.push(...(await part(bench)));
    if (rates.length > 0) tables.push(print(ratesTable(rates)));
    if ((only ?? 'backlog') === 'backlog')
      tables.push(print(backlogTable(await backlogPart(bench), bench.sizes.backlog)));
    console.log(`\n${[...tables, about.join('\n')].join('\n\n')}`);
  } finally {
    // Engines of our own are erased as a whole.
    if (stack.provider === 'external') for (const place of places) await remove(stack.addresses, place);
    await progress.step('stopping', () => stack.stop());
    rmSync(folder, { recursive: true, force: true });
  }
});
process.exit();
