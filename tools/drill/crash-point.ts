import { openSync, writeSync } from 'node:fs';
import { watchGateway, watchKafka, watchMail, watchRabbitmq, watchSql } from './watch.ts';
import { isIn, windows } from './windows.ts';

// Loaded into a service's process before the service (`node --import`), and into nothing else: the product knows no crash
// points. It kills the process with SIGKILL when it stands in a window for the n-th time, and writes down that it did.

/** Where to die: `DRILL_CRASH_POINT`, as JSON. */
export type CrashPoint = {
  readonly window: string;
  /** 1: the first time. Counted from the process's start. */
  readonly pass: number;
  /** Only where this stands in what it does or in what it did before, as a regular expression; left out: wherever. */
  readonly about?: string;
  /** Gets a line of JSON for each `Note`. */
  readonly file: string;
};

/** What became of it. Times are milliseconds since 1970. */
export type Note = { readonly what: 'first message' | 'died'; readonly at: number };

const { window: name, pass, about, file } = JSON.parse(process.env['DRILL_CRASH_POINT']!) as CrashPoint;
const window = windows.find((one) => one.name === name)!;
const wanted = about === undefined ? undefined : new RegExp(about);
const notes = openSync(file, 'a');
// Synchronously: nothing else may happen between the line and the end.
const note = (what: Note['what']) => writeSync(notes, `${JSON.stringify({ what, at: Date.now() } satisfies Note)}\n`);

let passes = 0;
let working = false;
const reach = (moment: string, trail: readonly string[]) => {
  if (!working && moment === 'before COMMIT' && trail.some((done) => done.startsWith('INSERT INTO processed_events'))) {
    working = true;
    note('first message');
  }
  if (!isIn(window, moment, trail)) return;
  if (wanted && ![moment, ...trail].some((words) => wanted.test(words))) return;
  passes += 1;
  if (passes < pass) return;
  note('died');
  process.kill(process.pid, 'SIGKILL');
};

await Promise.all([watchSql(reach), watchKafka(reach), watchRabbitmq(reach)]);
watchGateway(reach);
if (window.at.test('after mail')) await watchMail(reach);
