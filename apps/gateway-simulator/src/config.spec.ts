import { describe, expect, it } from '@jest/globals';
import { readConfig } from './config.ts';
import { WrongSetting } from './wrong-setting.ts';

const enough = { HTTP_PORT: '7010', LEDGER_FILE: 'ledger.sqlite' };

function problemsOf(environment: NodeJS.ProcessEnv): readonly string[] {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof WrongSetting) return error.problems;
  }
  return [];
}

describe('configuration', () => {
  it('binds to loopback and sends no webhooks when only the required variables are set', () => {
    expect(readConfig(enough)).toEqual({
      host: '127.0.0.1',
      port: 7010,
      ledgerFile: 'ledger.sqlite',
      keyLifetimeMs: 86_400_000,
    });
  });

  it('counts a variable set to nothing as not set', () => {
    expect(readConfig({ ...enough, HTTP_HOST: '', WEBHOOK_URL: '' })).toEqual(readConfig(enough));
  });

  it('names every variable that is missing', () => {
    expect(problemsOf({})).toEqual(['HTTP_PORT is missing', 'LEDGER_FILE is missing']);
  });

  it.each([
    ['HTTP_PORT', '70000', 'HTTP_PORT must be at most 65535'],
    ['HTTP_PORT', 'http', 'HTTP_PORT must be a whole number'],
    ['WEBHOOK_DELAY_MS', '-1', 'WEBHOOK_DELAY_MS must be a whole number'],
    ['WEBHOOK_URL', 'ftp://shop', 'WEBHOOK_URL must be an http or https address'],
    ['WEBHOOK_URL', 'http://shop', 'WEBHOOK_SECRET is needed to sign what goes to WEBHOOK_URL'],
  ])('names the variable when %s is %s', (name, value, problem) => {
    expect(problemsOf({ ...enough, [name]: value })).toContain(problem);
  });
});
