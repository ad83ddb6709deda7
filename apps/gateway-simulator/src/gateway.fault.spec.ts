import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import Stripe from 'stripe';
import type { LedgerEntry } from './keep-books/ledger.ts';

jest.setTimeout(60_000);

const main = join(import.meta.dirname, 'main.ts');
const running = new Set<ChildProcess>();
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gateway-'));
});
afterEach(async () => {
  await Promise.all([...running].map((child) => end(child, 'SIGKILL')));
  rmSync(folder, { recursive: true });
});

function launch(environment: Record<string, string> = {}): ChildProcess {
  const settings = { HTTP_PORT: '0', LEDGER_FILE: join(folder, 'ledger.sqlite'), ...environment };
  const child = spawn(process.execPath, [main], { env: settings, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child.once('exit', () => running.delete(child)));
  return child;
}

async function start() {
  const child = launch();
  const lines: string[] = [];
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', () => reject(new Error('it ended before it listened')));
    createInterface({ input: child.stdout! }).on('line', (line) => {
      lines.push(line);
      const { event, url = '' } = JSON.parse(line) as { event: string; url?: string };
      if (event === 'listening') resolve(url);
    });
  });
  const { hostname: host, port } = new URL(url);
  const options = { host, port, protocol: 'http', maxNetworkRetries: 0, timeout: 5_000, telemetry: false } as const;
  const ledger = async () => (await (await fetch(`${url}/ledger`)).json()) as LedgerEntry[];
  return { child, lines, ledger, url, stripe: new Stripe('sk_test_x', options) };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const closed = once(child, 'close');
  child.kill(signal);
  return (await closed)[0];
}

const terms = (payment_method: string) =>
  ({ amount: 2400, currency: 'eur', capture_method: 'manual', payment_method, metadata: { orderId: 'o1' } }) as const;

describe('the process', () => {
  it('has its ledger and its answers after SIGKILL', async () => {
    const before = await start();
    const { id } = await before.stripe.paymentIntents.create(terms('pm_card_visa'));
    await before.stripe.paymentIntents.confirm(id, {}, { idempotencyKey: 'a' });
    const taken = await before.stripe.paymentIntents.capture(id, {}, { idempotencyKey: 'c' });
    await end(before.child, 'SIGKILL');

    const after = await start();
    const again = await after.stripe.paymentIntents.capture(id, {}, { idempotencyKey: 'c' });
    expect({ ...again, lastResponse: null }).toEqual({ ...taken, lastResponse: null });
    expect(again.lastResponse.headers['idempotent-replayed']).toBe('true');
    expect((await after.ledger()).map(({ operation }) => operation)).toEqual(['authorize', 'capture']);
  });

  it('has what it did but never answered, when SIGKILL comes between', async () => {
    const before = await start();
    const { id } = await before.stripe.paymentIntents.create(terms('pm_cartwheel_timeout_after_success'));
    const lost = before.stripe.paymentIntents.confirm(id, {}, { idempotencyKey: 'a', timeout: 500 });
    await expect(lost).rejects.toBeInstanceOf(Stripe.errors.StripeConnectionError);
    await end(before.child, 'SIGKILL');

    const after = await start();
    const held = await after.stripe.paymentIntents.confirm(id, {}, { idempotencyKey: 'a' });
    expect(held.status).toBe('requires_capture');
    expect(await after.ledger()).toHaveLength(1);
  });

  it('did nothing, and the key is free, when SIGKILL comes while it still thinks', async () => {
    const before = await start();
    const { id } = await before.stripe.paymentIntents.create(terms('pm_cartwheel_slow'));
    const confirm = before.stripe.paymentIntents.confirm(id, {}, { idempotencyKey: 'a', timeout: 300 });
    await expect(confirm).rejects.toBeInstanceOf(Stripe.errors.StripeConnectionError);
    await end(before.child, 'SIGKILL');

    const after = await start();
    expect(await after.ledger()).toEqual([]);
    const held = await after.stripe.paymentIntents.confirm(id, {}, { idempotencyKey: 'a' });
    expect(held.lastResponse.headers['idempotent-replayed']).toBeUndefined();
    expect(await after.ledger()).toHaveLength(1);
  });

  it('answers what it is working on and exits 0 when it gets SIGTERM', async () => {
    const { child, stripe } = await start();
    const { id } = await stripe.paymentIntents.create(terms('pm_cartwheel_slow'));
    const confirm = () => stripe.paymentIntents.confirm(id, {}, { idempotencyKey: 'a' });
    const twice = [confirm(), confirm()];
    await expect(Promise.race(twice)).rejects.toMatchObject({ statusCode: 409 }); // so the other one is at work
    expect(await end(child, 'SIGTERM')).toBe(0);
    expect(await Promise.any(twice)).toMatchObject({ status: 'requires_capture' });
  });

  it('shows nothing of a payment in its log but ids and codes', async () => {
    const { child, lines, stripe } = await start();
    const metadata = { orderId: 'o1', email: 'grace@example.com' };
    await stripe.paymentIntents.create({ ...terms('pm_card_visa'), metadata, description: 'for Grace Hopper' });
    await end(child, 'SIGTERM');
    expect(lines.length).toBeGreaterThanOrEqual(4);
    expect(lines.join('\n')).not.toMatch(/grace|hopper|example|sk_test|pm_card/i);
  });

  it('names the setting and exits 1, without a stack, when it cannot work with it', async () => {
    const { url } = await start();
    const cases: [Record<string, string>, RegExp][] = [
      [{ HTTP_PORT: 'x' }, /HTTP_PORT must be a whole number/],
      [{ LEDGER_FILE: folder }, /LEDGER_FILE cannot be used/],
      [{}, /LEDGER_FILE cannot be used: database is locked/],
      [{ HTTP_PORT: new URL(url).port, LEDGER_FILE: ':memory:' }, /HTTP_PORT: cannot listen .* \(EADDRINUSE\)/],
    ];
    for (const [environment, complaint] of cases) {
      const child = launch(environment);
      let errors = '';
      child.stderr!.setEncoding('utf8').on('data', (text) => (errors += text));
      expect((await once(child, 'close'))[0]).toBe(1);
      expect(errors).toMatch(complaint);
      expect(errors).not.toMatch(/\n\s+at /);
    }
  });
});
