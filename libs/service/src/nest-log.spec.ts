import { createLogger } from '@cartwheel/observability';
import { expect, test } from '@jest/globals';
import { NestLog } from './nest-log.ts';

test('an error that Nest logs itself says its class and where, and not what it carries', () => {
  const written: string[] = [];
  const log = new NestLog(createLogger('test', 'info', { write: (line) => void written.push(line) }));
  const error = Object.assign(new Error('duplicate key value violates unique constraint "addressees_pk"'), {
    code: '23505',
    table: 'addressees',
    detail: 'Key (email)=(ada@example.com) already exists.',
  });
  log.error(error, 'ExceptionsHandler');
  expect(written.join('')).not.toContain('ada@');
  expect(JSON.parse(written[0]!)).toMatchObject({
    context: 'ExceptionsHandler',
    message: 'duplicate key value violates unique constraint "…" (23505 addressees)',
  });
});
