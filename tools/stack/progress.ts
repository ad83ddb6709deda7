import type { WriteStream } from 'node:tty';

export interface Progress {
  /** Runs the work and tells what goes on while it takes long; several steps may run side by side. */
  step<T>(title: string, work: () => Promise<T>): Promise<T>;
  say(line: string): void;
}

type Output = Pick<WriteStream, 'write'> & { isTTY?: boolean; columns?: number };
type Step = { title: string; since: number; lastSaid: number };

export const silent: Progress = { step: (_, work) => work(), say: () => {} };

/** On a terminal one line shows what runs, rewritten in place; elsewhere a line now and then. */
export function createProgress(output: Output = process.stderr): Progress {
  const running = new Set<Step>();
  const display = output.isTTY ? liveLine(output, running) : plainLines(output, running);
  let timer: NodeJS.Timeout | undefined;

  return {
    say: (line) => display.say(line),
    async step(title, work) {
      const step: Step = { title, since: Date.now(), lastSaid: 0 };
      running.add(step);
      timer ??= setInterval(() => display.tick(), 200);
      let ended = '✗';
      try {
        const result = await work();
        ended = '✓';
        return result;
      } finally {
        running.delete(step);
        if (running.size === 0) {
          clearInterval(timer);
          timer = undefined;
        }
        display.say(`${ended} ${title}  ${((Date.now() - step.since) / 1000).toFixed(1)} s`);
      }
    },
  };
}

type Display = { say(line: string): void; tick(): void };

function liveLine(output: Output, running: Set<Step>): Display {
  const clear = '\r\x1b[2K';
  const draw = () => {
    const parts = [...running].map(({ title, since }) => `${title} ${wholeSeconds(since)} s`);
    if (parts.length > 0) output.write(clear + `… ${parts.join(' · ')}`.slice(0, (output.columns || 80) - 1));
  };
  return {
    tick: draw,
    say(line) {
      output.write(`${clear}${line}\n`);
      draw();
    },
  };
}

const STARTS_TO_BE_LONG_S = 2;
const REMINDER_S = 10;

function plainLines(output: Output, running: Set<Step>): Display {
  return {
    say: (line) => void output.write(`${line}\n`),
    tick() {
      for (const step of running) {
        const seconds = wholeSeconds(step.since);
        const next =
          step.lastSaid === 0 ? STARTS_TO_BE_LONG_S : Math.ceil((step.lastSaid + 1) / REMINDER_S) * REMINDER_S;
        if (seconds < next) continue;
        output.write(step.lastSaid === 0 ? `… ${step.title}\n` : `  still ${step.title}, ${seconds} s\n`);
        step.lastSaid = seconds;
      }
    },
  };
}

function wholeSeconds(since: number): number {
  return Math.floor((Date.now() - since) / 1000);
}
