import type { Attempt, Life, Message } from './life.ts';
import { deadWords } from './rules.ts';
import { reasonOf } from './words.ts';

/** What happened in a stretch of time. */
export type Stretch = {
  readonly kind: 'outbox' | 'kafka' | 'rabbitmq' | 'work' | 'rest' | 'parked';
  readonly from: number;
  readonly to: number;
};

/** One line of the story: a request, a message, one attempt, or what became of it. */
export type Row = {
  /** The lines of the tree before it. */
  readonly branch: string;
  readonly who: string;
  readonly what: string;
  readonly note: string;
  readonly at: number | undefined;
  /** From its announcement to the last who took it or worked on it. */
  readonly tookMs: number | undefined;
  readonly stretches: readonly Stretch[];
  readonly message?: Message;
};

/** How many attempts at one task are shown one by one, at its beginning and at its end. */
const SHOWN = 2;

/** The order's messages as a tree: below each request and each fact what it caused, oldest first. */
export function treeOf(life: Life): Row[] {
  const ids = new Set(life.messages.map(({ id }) => id));
  const children = Map.groupBy(life.messages, ({ cause }) => (cause !== undefined && ids.has(cause) ? cause : ''));
  const roots = Map.groupBy(children.get('') ?? [], ({ cause }) => cause ?? 'somewhere');
  const rows: Row[] = [];
  const add = (message: Message, before: string, isLast: boolean) => {
    rows.push({ ...rowOf(life, message), branch: `${before}${isLast ? '└ ' : '├ '}` });
    const below = `${before}${isLast ? '  ' : '│ '}`;
    const caused = (children.get(message.id) ?? []).filter(({ id }) => id !== message.id);
    const details = detailsOf(life, message);
    for (const detail of details) rows.push({ ...detail, branch: `${below}${caused.length > 0 ? '│ ' : '  '}` });
    for (const [index, child] of caused.entries()) add(child, below, index === caused.length - 1);
  };
  for (const [cause, messages] of roots) {
    const request = cause.startsWith('http:');
    const what = request ? requestOf(messages[0]!) : 'cause not known here';
    const nothing = { branch: '', note: '', tookMs: undefined, stretches: [] };
    rows.push({ ...nothing, who: request ? 'client' : '', what, at: messages[0]!.at });
    for (const [index, message] of messages.entries()) add(message, '', index === messages.length - 1);
  }
  return rows;
}

export function requestOf({ type }: Message): string {
  return type === 'OrderPlaced' ? 'POST /checkout' : 'POST …/cancellation';
}

function rowOf(life: Life, message: Message): Omit<Row, 'branch'> {
  const stretches = stretchesOf(life, message);
  const to = stretches.at(-1)?.to;
  const { from, type, note, at } = message;
  return { who: from, what: type, note, at, tookMs: to === undefined ? undefined : to - at, stretches, message };
}

/** What a message's time was spent with, from its announcement on. A fact ends with its last reader, a task with its last attempt. */
export function stretchesOf({ now }: Pick<Life, 'now'>, message: Message): Stretch[] {
  const { at, waiting, record, kind, attempts, parked, taken } = message;
  if (waiting) return [{ kind: 'outbox', from: at, to: now }];
  const kept = parked.map(({ since }): Stretch => ({ kind: 'parked', from: since ?? now, to: now }));
  if (kind === 'fact') {
    const published = Math.max(at, record?.at ?? at);
    const last = Math.max(published, ...taken.map((one) => one.at));
    const outbox: Stretch[] = record ? [{ kind: 'outbox', from: at, to: published }] : [];
    return [...outbox, { kind: 'kafka', from: published, to: last }, ...kept];
  }
  const [first] = attempts;
  if (!first) return [{ kind: 'rabbitmq', from: at, to: kept[0]?.from ?? now }, ...kept];
  const queue: Stretch = { kind: 'rabbitmq', from: at, to: Math.max(at, first.from) };
  return [queue, ...attempts.flatMap(attemptStretches(now)), ...kept];
}

const attemptStretches =
  (now: number) =>
  ({ from, to, outcome }: Attempt, index: number, all: readonly Attempt[]): Stretch[] => {
    const work: Stretch = { kind: 'work', from, to: to ?? now };
    const next = all[index + 1]?.from ?? (outcome === 'retry' ? now : undefined);
    return next === undefined || to === undefined ? [work] : [work, { kind: 'rest', from: to, to: next }];
  };

/** Attempts that failed, and where the message is kept now. */
function detailsOf(life: Life, message: Message): Omit<Row, 'branch'>[] {
  const { attempts, parked } = message;
  const isSmooth = attempts.length === 1 && attempts[0]!.outcome === 'done';
  const shown = attempts.length > 2 * SHOWN + 1 ? [...attempts.slice(0, SHOWN), ...attempts.slice(-SHOWN)] : attempts;
  const skipped = attempts.length - shown.length;
  const lines = isSmooth ? [] : shown.map((attempt) => attemptRow(life, attempt));
  if (skipped > 0) lines.splice(SHOWN, 0, plain(`… ${skipped} more attempts`, undefined));
  const kept = parked.map((row) =>
    plain(
      row.state === 'dead'
        ? `✗ ${deadWords(row).replace('is a dead letter', 'dead')}`
        : `! parked at ${row.consumer}: ${row.errorClass === null ? 'waits behind another' : reasonOf(row.errorMessage ?? row.errorClass)}`,
      row.since,
    ),
  );
  return [...lines, ...kept];
}

function attemptRow({ now }: Life, { n, from, to, outcome, error }: Attempt): Omit<Row, 'branch'> {
  const how = to === undefined ? 'no end' : outcome === 'done' ? 'done' : (error ?? outcome ?? '');
  return {
    ...plain(`${n}: ${how}`, from),
    tookMs: to === undefined ? undefined : to - from,
    stretches: [{ kind: 'work', from, to: to ?? now }],
  };
}

function plain(what: string, at: number | undefined): Omit<Row, 'branch'> {
  return { who: '', what, note: '', at, tookMs: undefined, stretches: [] };
}

/** Every instant that a picture of the order has to place; while it waits for something, that is now too. */
export function instantsOf({ now, status }: Life, rows: readonly Row[]): number[] {
  const waits = status === 'placed' || status === 'confirmed' || status === 'refunding';
  const own = rows.flatMap(({ at, stretches }) => [
    ...(at === undefined ? [] : [at]),
    ...stretches.flatMap(({ from, to }) => [from, to]),
  ]);
  return waits ? [...own, now] : own;
}
