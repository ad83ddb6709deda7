import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Friendly } from '../stack/friendly.ts';
import type { Measured } from './measure.ts';
import type { Task } from './subject.ts';

/** Measures one thing in a process of its own. @throws Friendly when that ends without a result */
export async function measured(task: Task, signal: AbortSignal): Promise<Measured> {
  const child = fork(join(import.meta.dirname, 'subject.ts'), [JSON.stringify(task)], {
    execArgv: ['--disable-warning=ExperimentalWarning', '--disable-warning=TimeoutNegativeWarning'],
    // What it logs, a relay that waits for example, is not part of the tables.
    stdio: ['ignore', process.stderr, 'inherit', 'ipc'],
  });
  const stop = () => child.kill('SIGKILL');
  signal.addEventListener('abort', stop);
  let result: Measured | undefined;
  child.once('message', (message) => (result = message as Measured));
  await once(child, 'exit');
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
  if (result === undefined) throw new Friendly(`${task.subject} could not be measured; see above.`);
  return result;
}
