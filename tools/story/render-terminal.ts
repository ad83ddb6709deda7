import { wrap } from '../verify/render.ts';
import { type Axis, axisOf } from './axis.ts';
import type { Diagnosis } from './diagnose.ts';
import type { Life } from './life.ts';
import { inWords } from './note.ts';
import { instantsOf, type Row, treeOf } from './tree.ts';
import { brief, offset, span, times } from './words.ts';

const WIDTH = 80;
const TREE = 31;
const BAR = 20;
const MARKS = { outbox: '┄', kafka: '═', rabbitmq: '─', work: '█', rest: '·', parked: '!' } as const;

/** What fits a terminal of 80 columns: where the order stands, then its life as a tree on one time axis, then details. */
export function renderTerminal(life: Life, diagnosis: Diagnosis): string {
  const rows = treeOf(life);
  const parts = [firstScreen(life, diagnosis)];
  if (rows.length > 0) parts.push(picture(life, rows), ...reading(life), ...kept(life));
  return parts.join('\n\n');
}

/** The sentence, and what to do. */
export function firstScreen(life: Life, { sentence, todo }: Diagnosis): string {
  return [titleOf(life), '', ...wrap(sentence, 0), ...todo.flatMap((one) => wrap(`→ ${one}`, 2))].join('\n');
}

export function titleOf({ orderId, status, trails }: Life): string {
  const order = trails.order?.own.order;
  const items = order?.items.map(({ sku, quantity }) => `${quantity} ${sku}`).join(', ');
  const what = order ? ` · ${inWords(order.total)} · ${items}` : '';
  const title = `Order ${orderId} · ${status ?? 'unknown'}${what}`;
  return title.length > WIDTH ? `${title.slice(0, WIDTH - 1)}…` : title;
}

function picture(life: Life, rows: readonly Row[]): string {
  const axis = axisOf(instantsOf(life, rows), BAR);
  const ruler = rulerOf(axis);
  const head =
    `${'time'.padStart(8)} ${'took'.padStart(8)} ${'who'.padEnd(9)} ${'what'.padEnd(TREE)} ${ruler}`.trimEnd();
  const lines = rows.map((row) => lineOf(row, axis));
  const cuts = axis.cuts.map(({ ms }) => span(ms)).join(', ');
  const legend = '┄ outbox  ═ Kafka  ─ RabbitMQ  █ at work  · on the ladder  ! parked or dead';
  return [head, ...lines, legend, ...(cuts === '' ? [] : wrap(`≈ shortened on the axis: ${cuts}`, 2))].join('\n');
}

function rulerOf({ cuts, begin, end }: Axis): string {
  const last = span(end - begin);
  const cells = Array.from<string>({ length: BAR - last.length }).fill('·');
  cells[0] = '0';
  for (const { from, to } of cuts) cells[Math.min(cells.length - 1, Math.floor((from + to) / 2))] = '≈';
  return `${cells.join('')}${last}`;
}

function lineOf({ branch, who, what, note, at, tookMs, stretches }: Row, axis: Axis): string {
  const time = at === undefined ? '' : offset(at - axis.begin);
  const took = tookMs === undefined ? '' : brief(tookMs);
  const label = cut(`${branch}${what}${note === '' ? '' : ` ${note}`}`, TREE);
  const cells = Array.from<string>({ length: BAR }).fill(' ');
  for (const { kind, from, to } of stretches) {
    const first = Math.min(BAR - 1, Math.floor(axis.at(from)));
    const last = Math.max(first, Math.ceil(axis.at(to)) - 1);
    for (let cell = first; cell <= last; cell += 1) cells[cell] = MARKS[kind];
  }
  const bar = cells.join('');
  if (stretches.length === 0 && who === '') return detail(time, took, `${branch}${what}`);
  return `${time.padStart(8)} ${took.padStart(8)} ${who.padEnd(9)} ${label.padEnd(TREE)} ${bar}`.trimEnd();
}

/** A line without a bar may be as long as the screen is wide. */
function detail(time: string, took: string, text: string): string {
  return cut(`${time.padStart(8)} ${took.padStart(8)} ${''.padEnd(9)} ${text}`, WIDTH).trimEnd();
}

/** Where each fact stands in Kafka and who read it when. */
function reading(life: Life): string[] {
  const begin = Math.min(...life.messages.map(({ at }) => at));
  const lines = life.messages
    .filter(({ kind, taken, record }) => kind === 'fact' && (taken.length > 0 || record))
    .flatMap(({ type, record, taken }) => {
      const place = record ? `${record.topic} ${record.partition}@${record.offset}` : 'place not known';
      const readers = taken
        .filter(({ by }) => !by.startsWith('analytics') || by === 'analytics.facts')
        .map(({ by, at }) => `${by.split('.')[0]} ${offset(at - begin)}`);
      return wrap(
        `  ${type} · ${place}${readers.length > 0 ? ` · ${readers.join(', ')}` : ' · read by nobody yet'}`,
        4,
      );
    });
  return lines.length === 0 ? [] : [['Where Kafka keeps the facts, and who read them when:', ...lines].join('\n')];
}

/** What inventory's ledger and email have of the order. */
function kept({ trails, messages }: Life): string[] {
  const begin = Math.min(...messages.map(({ at }) => at));
  const after = (iso: string) => offset(Date.parse(iso) - begin);
  const moved = trails.inventory?.own.movements.map(
    ({ sku, kind, quantity, movedAt }) => `${kind} ${quantity} ${sku} ${after(movedAt)}`,
  );
  const mails = trails.email?.own.emails.map(({ template, state, sentAt, ambiguousSends }) => {
    const twice = ambiguousSends === 0 ? '' : ` (sent ${times(ambiguousSends)} without a known outcome)`;
    return `${template} ${state}${sentAt === null ? '' : ` ${after(sentAt)}`}${twice}`;
  });
  const lines = [
    ...(moved?.length ? wrap(`Stock: ${moved.join(', ')}`, 2) : []),
    ...(mails?.length ? wrap(`Mails: ${mails.join(', ')}`, 2) : []),
  ];
  return lines.length === 0 ? [] : [lines.join('\n')];
}

function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text;
}
