import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export type LedgerLine = { readonly operation: string; readonly amountMinor: number; readonly idempotencyKey: string };

const main = join(import.meta.dirname, '../../../apps/gateway-simulator/src/main.ts');

/** The gateway simulator in a process of its own, with a ledger of its own. `env` is more for its environment. */
export async function gatewaySimulator(env: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-'));
  let port = '0';
  let child: ChildProcess;
  const lines: string[] = [];

  const start = async () => {
    const settings = { HTTP_PORT: port, LEDGER_FILE: join(folder, 'ledger.sqlite'), ...env };
    child = spawn(process.execPath, [main], { env: settings, stdio: ['ignore', 'pipe', 'inherit'] });
    const url = await new Promise<string>((resolve, reject) => {
      child.once('exit', () => reject(new Error('the gateway simulator ended before it listened')));
      createInterface({ input: child.stdout! }).on('line', (line) => {
        lines.push(line);
        const { event, url = '' } = JSON.parse(line) as { event: string; url?: string };
        if (event === 'listening') resolve(url);
      });
    });
    port = new URL(url).port;
    return url;
  };
  const end = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };

  const url = await start();
  return {
    url,
    start,
    /** SIGKILL. Whoever calls meanwhile is refused the connection; `start` takes the same port and ledger again. */
    end,
    /** What it was asked so far, like `capture intent 200`. */
    requests: () =>
      lines
        .map((line) => JSON.parse(line) as { event: string; route: string; status: number })
        .filter(({ event, route }) => event === 'request' && /intent|refund/.test(route))
        .map(({ route, status }) => `${route} ${status}`),
    /** Everything that held or moved money, oldest first. */
    async ledger(orderId: string): Promise<LedgerLine[]> {
      return (await (await fetch(`${url}/ledger?orderId=${orderId}`)).json()) as LedgerLine[];
    },
    async stop() {
      await end();
      rmSync(folder, { recursive: true });
    },
  };
}

export type GatewaySimulator = Awaited<ReturnType<typeof gatewaySimulator>>;
