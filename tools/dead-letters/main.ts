import { userInfo } from 'node:os';
import { asProgram } from '../program.ts';
import { Friendly } from '../stack/friendly.ts';
import { readTarget, serviceNames, shopFiles } from '../verify/target.ts';
import { act } from './act.ts';
import { renderLetter, renderList, renderRevealed } from './render.ts';
import { filterOf, filterOptions, ofEach, servicesOf, type Values } from './select.ts';
import { placeOf, Shop } from './shop.ts';

const HELP = `npm run dead-letters -- <command>   what a running shop has given up

  list                     oldest first, without anything personal
    --parked               instead: what waits for its next attempt
    --limit <n>            per service (50, at most 200); --after <n> goes on
  show <message>           one message, like payment/12, personal fields masked
    --reveal               all of it, as it is; that is recorded
  replay <message>…        try again: a fact at the consumer that gave it up and
                           in its place, a task in its queue
  discard <message>…       give up for good; --reason "…" is required

Filters, for list, and instead of messages for replay and discard:
  --service <name>         ${serviceNames.join(', ')}
  --consumer <name>        inventory, payment.card, relay, …
  --type <type>            OrderPlaced, …
  --key <key>              an order's id, or as a list shows it
  --error <class>          UnreadableMessage, …
  --since, --until <when>  of the last failure: 30m, 12h or 7d ago, or ISO 8601
  --all                    replay, discard: everything dead

  --dry-run                say what replay or discard would do; do nothing
  --reason <text>          recorded, with your user name
  --json                   for scripts: list and show
  --folder <path>          the shop's; left out: .cartwheel/up, or else demo

Exit code 0: done. 1: not done, or not all of it.
See docs/howto/dead-letters.md.`;

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const options = {
  ...{ ...filterOptions, limit: text, after: text, reason: text, folder: text },
  ...{ parked: flag, reveal: flag, all: flag, 'dry-run': flag, json: flag },
};
/** What each command understands besides --folder; anything else would be ignored, and somebody meant it. */
const understood: Record<string, readonly string[]> = {
  list: [...Object.keys(filterOptions), 'parked', 'limit', 'after', 'json'],
  show: ['reveal', 'reason', 'json'],
  replay: [...Object.keys(filterOptions), 'all', 'dry-run', 'reason'],
  discard: [...Object.keys(filterOptions), 'all', 'dry-run', 'reason'],
};

await asProgram(
  HELP,
  options,
  async (values, signal) => {
    const [command = '', ...words] = values.words;
    const known = understood[command];
    if (known === undefined)
      throw new Friendly(command === '' ? HELP : `There is no ${JSON.stringify(command)}.\n\n${HELP}`);
    const given = [...Object.keys(options)].filter((name) => values[name] !== undefined || values.flags.has(name));
    const odd = given.find((name) => name !== 'folder' && !known.includes(name));
    if (odd !== undefined) throw new Friendly(`${command} does not know --${odd}. -- --help says what it knows.`);
    const shop = new Shop(readTarget(shopFiles(values['folder'])), operator(), signal);
    if (command === 'list') await list(shop, values, words);
    else if (command === 'show') await show(shop, values, words);
    else await act(shop, command as 'replay' | 'discard', values, words);
  },
  { withWords: true },
);

async function list(shop: Shop, values: Values, words: readonly string[]): Promise<void> {
  if (words.length > 0) throw new Friendly('list takes filters, no messages. show shows one.');
  const which = values.flags.has('parked') ? 'parked' : 'dead-letters';
  const page = { limit: values['limit'] ?? '50', ...(values['after'] === undefined ? {} : { after: values['after'] }) };
  const pages = await ofEach(servicesOf(values), async (service) => ({
    service,
    ...(await shop.list(service, which, { ...filterOf(values), ...page })),
  }));
  const messages = pages.flatMap((one) => one.messages);
  if (values.flags.has('json')) console.log(JSON.stringify(messages, null, 2));
  else if (messages.length > 0) console.log(renderList(messages));
  else console.log(which === 'parked' ? 'Nothing is parked.' : 'No dead letters.');
  for (const { service, next } of pages) {
    if (next !== null) console.error(`\n${service} has more: --service ${service} --after ${next}`);
  }
}

async function show(shop: Shop, { flags, reason }: Values, words: readonly string[]): Promise<void> {
  if (words.length !== 1) throw new Friendly('show takes one message, for example: show payment/12');
  const place = placeOf(words[0]!);
  const letter = await shop.show(place);
  const whole = flags.has('reveal') ? await shop.reveal(place, reason) : undefined;
  if (flags.has('json')) console.log(JSON.stringify({ ...letter, ...(whole ? { revealed: whole } : {}) }, null, 2));
  else console.log([renderLetter(letter), ...(whole ? [renderRevealed(whole)] : [])].join('\n\n'));
}

/** The user of this machine, as far as a header can say it. A container's may have no name. */
function operator(): string {
  try {
    return (
      userInfo()
        .username.replaceAll(/[^\x20-\x7e]/g, '?')
        .slice(0, 100) || 'unknown'
    );
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
