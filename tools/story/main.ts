import { isId } from '@cartwheel/primitives';
import { writeFileSync } from 'node:fs';
import { asProgram } from '../program.ts';
import { Friendly } from '../stack/friendly.ts';
import { readTarget, shopFiles, type Target } from '../verify/target.ts';
import { diagnose } from './diagnose.ts';
import { lifeOf } from './life.ts';
import { renderHtml } from './render-html.ts';
import { renderTerminal } from './render-terminal.ts';
import { readTrails } from './trails.ts';

const HELP = `npm run story -- <orderId>       one order's whole life, and where it stands

Left out: the newest order. First comes one sentence: where the order stands,
and what it waits for or why it failed; then everything that happened to it,
in all services and on both brokers, on one time axis.

  --html <file>         also as a page with a picture, to open in a browser
  --json                what the services told, for scripts
  --folder <path>       the shop's; left out: .cartwheel/up, or else demo

It asks each service at /ops/trail. See docs/operate/story.md.`;

const text = { type: 'string' } as const;

await asProgram(
  HELP,
  { html: text, folder: text, json: { type: 'boolean' } },
  async ({ words, flags, html, folder }, signal) => {
    if (words.length > 1) throw new Friendly('One order at a time: npm run story -- <orderId>');
    const target = readTarget(shopFiles(folder));
    const orderId = words[0] ?? (await newestOrder(target, signal));
    if (!isId(orderId)) {
      throw new Friendly(`${JSON.stringify(orderId)} is no order's id.\nnpm run story tells of the newest order.`);
    }
    const trails = await readTrails(target, orderId.toLowerCase(), signal);
    const life = lifeOf(trails);
    if (life.messages.length === 0 && life.status === undefined && trails.told.order) {
      throw new Friendly(`There is no order ${orderId} in this shop.\nnpm run story tells of the newest order.`);
    }
    const diagnosis = diagnose(life);
    if (flags.has('json')) console.log(JSON.stringify({ ...diagnosis, trails }, null, 2));
    else console.log(renderTerminal(life, diagnosis));
    if (html !== undefined) {
      writeFileSync(html, renderHtml(life, diagnosis));
      console.error(`\nThe picture is in ${html}.`);
    }
  },
  { withWords: true },
);

async function newestOrder(target: Target, signal: AbortSignal): Promise<string> {
  type Orders = { orders: { orderId: string }[] };
  const url = target.urls.order;
  const answer = await fetch(`${url}/orders?limit=1`, { signal }).then(
    (response) => (response.ok ? (response.json() as Promise<Orders>) : undefined),
    () => undefined,
  );
  signal.throwIfAborted();
  if (!answer) throw new Friendly(`order does not list its orders at ${url}. npm run up starts the shop.`);
  const [newest] = answer.orders;
  if (!newest) throw new Friendly('This shop has no order yet. npm run load places some.');
  return newest.orderId;
}
