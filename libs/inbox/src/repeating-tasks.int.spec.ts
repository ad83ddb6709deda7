import { retryRungs } from '@cartwheel/contracts';
import { autocommit } from '@cartwheel/postgres';
import { testDatabase } from '@cartwheel/testing';
import { expect, test } from '@jest/globals';
import { taskAttemptsSchema } from './inbox.schema.ts';
import { repeatingTasks } from './repeating-tasks.ts';

test('a task counts from its fourth failure until its next attempt is well over, once', async () => {
  const db = await testDatabase([taskAttemptsSchema]);
  const failed = (id: number, type: string, attempt: number, nextIn: string, outcome = 'retry') =>
    db.admin.query(
      `INSERT INTO task_attempts (task_id, type, subject, attempt, ended_at, outcome, next_attempt_at)
       VALUES (lpad($1::text, 32, '0')::uuid, $2, 'order', $3, now(), $4, now() + $5::interval)`,
      [id, type, attempt, outcome, nextIn],
    );
  await failed(1, 'SendEmail', 3, '30 seconds');
  expect(await repeatingTasks(autocommit(db.dataSource))).toEqual([]);

  await failed(1, 'SendEmail', 4, '5 minutes');
  // Under way, or still waiting for a worker.
  await failed(2, 'SendEmail', 4, '-100 seconds');
  await failed(2, 'SendEmail', 5, '-10 seconds');
  await failed(3, 'CapturePayment', 9, '1 minute');
  // Done or dead meanwhile, or nobody has tried it for long.
  await failed(4, 'SendEmail', 7, '-3 minutes');
  await failed(6, 'SendEmail', 4, '-10 seconds');
  await failed(6, 'SendEmail', 5, '-5 seconds', 'done');
  await failed(5, 'SendEmail', 8, '1 minute', 'dead');
  expect(await repeatingTasks(autocommit(db.dataSource))).toEqual([
    { type: 'CapturePayment', tasks: 1 },
    { type: 'SendEmail', tasks: 2 },
  ]);
  await db.drop();
});

test('the index is of the last rung, as is the question', () => {
  expect(taskAttemptsSchema.migrations.join()).toContain(
    `WHERE outcome = 'retry' AND attempt >= ${retryRungs.length};`,
  );
});
