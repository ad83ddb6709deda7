import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { AnswerOnce } from './answer-once/answer-once.ts';
import { Books } from './keep-books/books.ts';
import type { Log } from './log.ts';
import { Webhooks } from './send-webhooks/webhooks.ts';
import type { WebhookTarget } from './send-webhooks/webhooks.ts';
import { settleRefunds } from './settle-refunds/settle-refunds.ts';
import { createHttpDoor } from './serve-http/server.ts';
import { openStore } from './store.ts';
import { WrongSetting } from './wrong-setting.ts';

const STOP_WITHIN_MS = 10_000;
const SETTLE_EVERY_MS = 200;
const DAY_MS = 24 * 60 * 60 * 1000;

export type GatewayOptions = Readonly<{
  /** 0 takes a free one. */
  port: number;
  host?: string;
  /** Created if missing; `:memory:` keeps nothing. */
  ledgerFile: string;
  webhook?: WebhookTarget;
  /** How long an idempotency key is known. Stripe's 24 hours by default. */
  keyLifetimeMs?: number;
  /** Silent by default. */
  log?: Log;
}>;

export type Gateway = Readonly<{ url: string; stop(): Promise<void> }>;

/** Resolves when requests are accepted. Throws WrongSetting when the file or the address cannot be had. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { port, host = '127.0.0.1', ledgerFile, webhook, keyLifetimeMs = DAY_MS, log = () => undefined } = options;
  const store = tryOpen(ledgerFile);
  const webhooks = new Webhooks(webhook, log);
  const answerOnce = new AnswerOnce(store, log, keyLifetimeMs);
  const desk = { books: new Books(store), once: answerOnce, webhooks, store };
  const clock = setInterval(() => settleRefunds(desk), SETTLE_EVERY_MS).unref();
  const { server, close } = createHttpDoor({ desk, store, log });
  try {
    await once(server.listen(port, host), 'listening');
  } catch (error) {
    clearInterval(clock);
    store.close();
    throw new WrongSetting([`HTTP_HOST, HTTP_PORT: cannot listen on ${host} port ${port} (${codeOf(error)})`]);
  }
  const address = server.address() as AddressInfo;
  const url = `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
  return {
    url,
    async stop() {
      await close(STOP_WITHIN_MS);
      clearInterval(clock);
      webhooks.stop();
      store.close();
    },
  };
}

function tryOpen(ledgerFile: string) {
  try {
    return openStore(ledgerFile);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown reason';
    throw new WrongSetting([`LEDGER_FILE cannot be used: ${reason}`]);
  }
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? 'unknown reason';
