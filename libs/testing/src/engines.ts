import { randomBytes } from 'node:crypto';

/** Where the engines of this test run are. */
export type Engines = {
  readonly postgres: { readonly host: string; readonly port: number; readonly user: string; readonly password: string };
  readonly kafka: { readonly brokers: string[] };
  readonly rabbitmq: { readonly url: string };
  readonly mail: { readonly smtpHost: string; readonly smtpPort: number; readonly webUrl: string };
};

/** @throws when Jest was not started by `npm test`, which starts the engines */
export function engines(): Engines {
  const text = process.env['CARTWHEEL_TEST_ENGINES'];
  if (text === undefined) throw new Error('These tests need engines. Run them with: npm test -- <file>');
  return JSON.parse(text) as Engines;
}

/** A namespace that no other suite has: topics, groups, exchange, queues and databases of its own on shared engines. */
export function testNamespace(): string {
  return `t${randomBytes(5).toString('hex')}`;
}
