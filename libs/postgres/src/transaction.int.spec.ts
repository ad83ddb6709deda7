import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ddl, testDatabase, type TestDatabase } from '@cartwheel/testing';
import { DeadlineExceeded } from '@cartwheel/primitives';
import { autocommit, createDataSource, DatabaseUnavailable, missingSchema, type Schema, transaction } from './index.ts';

const schema: Schema = {
  name: 'things',
  migrations: ddl('CREATE TABLE things (id int PRIMARY KEY)', 'ALTER TABLE things ADD COLUMN note text'),
  grants: { things: 'SELECT, INSERT' },
};

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase([schema]);
});
afterAll(() => db.drop());
beforeEach(() => db.admin.query('TRUNCATE things'));

const count = async () => (await db.admin.query('SELECT 1 FROM things')).length;

describe('a transaction', () => {
  test('keeps all of its work, or nothing when the work throws', async () => {
    await transaction(db.dataSource, (tx) => tx.query('INSERT INTO things VALUES (1)'));
    const failing = transaction(db.dataSource, async (tx) => {
      await tx.query('INSERT INTO things VALUES (2)');
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await count()).toBe(1);
  });

  test('that swallowed the error of a statement fails at COMMIT, where PostgreSQL answers ROLLBACK without an error', async () => {
    await transaction(db.dataSource, (tx) => tx.query('INSERT INTO things VALUES (1)'));
    const swallowing = transaction(db.dataSource, async (tx) => {
      await tx.query('INSERT INTO things VALUES (2)');
      await tx.query('INSERT INTO things VALUES (1)').catch(() => 'never mind');
    });
    await expect(swallowing).rejects.toThrow('COMMIT rolled back');
    expect(await count()).toBe(1);
  });

  test('that is over takes no more statements: what comes late runs nowhere', async () => {
    const late = Promise.withResolvers<void>();
    let straggler: Promise<unknown> | undefined;
    const failing = transaction(db.dataSource, async (tx) => {
      straggler = late.promise.then(() => tx.query('INSERT INTO things VALUES (1)'));
      await tx.query('SELECT 1');
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    late.resolve();
    await expect(straggler).rejects.toThrow('this transaction is over');
    expect(await count()).toBe(0);
  });

  test("passes the work's own error on, but calls a killed connection the database's, whatever the work made of it", async () => {
    const own = transaction(db.dataSource, (tx) => tx.query('INSERT INTO nowhere VALUES (1)'));
    await expect(own).rejects.not.toBeInstanceOf(DatabaseUnavailable);
    for (const make of [() => new TypeError('of the handler'), undefined]) {
      const killed = transaction(db.dataSource, async (tx) => {
        const [me] = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
        await db.admin.query('SELECT pg_terminate_backend($1)', [me!.pid]);
        await tx.query('SELECT 1').catch((error: unknown) => {
          throw make?.() ?? error;
        });
      });
      await expect(killed).rejects.toBeInstanceOf(DatabaseUnavailable);
    }
  });

  test('asks the connection itself, when the work died beside a killed connection without using it again', async () => {
    const killed = transaction(db.dataSource, async (tx) => {
      const [me] = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      await db.admin.query('SELECT pg_terminate_backend($1)', [me!.pid]);
      throw new TypeError('of the handler');
    });
    await expect(killed).rejects.toBeInstanceOf(DatabaseUnavailable);
  });

  test('calls a deadlock and a time-out the database’s', async () => {
    const late = transaction(db.dataSource, async (tx) => {
      await tx.query('SET LOCAL statement_timeout = 20');
      await tx.query('SELECT pg_sleep(2)');
    });
    await expect(late).rejects.toBeInstanceOf(DatabaseUnavailable);
  });

  test.each([
    [
      'a transaction',
      (dataSource: Parameters<typeof transaction>[0]) =>
        transaction(dataSource, (tx) => tx.query('INSERT INTO things VALUES (8)')),
    ],
    [
      'a single statement',
      (dataSource: Parameters<typeof transaction>[0]) => autocommit(dataSource).query('INSERT INTO things VALUES (8)'),
    ],
  ])(
    'on a session that may only read is the database’s fault, and the last use of that session: %s',
    async (_, write) => {
      const role = new URL(db.url).username;
      const dataSource = createDataSource(db.url, { name: 'reads', max: 1 });
      await db.admin.query(`ALTER ROLE ${role} SET default_transaction_read_only = on`);
      await autocommit(dataSource).query('SELECT 1');
      await db.admin.query(`ALTER ROLE ${role} RESET default_transaction_read_only`);
      await expect(write(dataSource)).rejects.toBeInstanceOf(DatabaseUnavailable);
      await write(dataSource);
      expect(await count()).toBe(1);
      await dataSource.destroy();
    },
  );

  test('whose work is given up closes its connection: what goes on there is not somebody else’s next statement', async () => {
    const dataSource = createDataSource(db.url, { name: 'one', max: 1 });
    const pidOf = () =>
      transaction(
        dataSource,
        async (tx) => (await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid'))[0]!.pid,
      );
    const before = await pidOf();
    const given = transaction(dataSource, async (tx) => {
      void tx.query('SELECT pg_sleep(20)').catch(() => undefined);
      throw new DeadlineExceeded('too long');
    });
    await expect(given).rejects.toBeInstanceOf(DeadlineExceeded);
    expect(await pidOf()).not.toBe(before);
    await dataSource.destroy();
  });

  test('on a database that is away says so', async () => {
    const nowhere = createDataSource('postgresql://nobody@127.0.0.1:1/none', { name: 'nowhere' });
    await expect(transaction(nowhere, () => Promise.resolve())).rejects.toBeInstanceOf(DatabaseUnavailable);
  });
});

describe('a schema', () => {
  test('gives the service what it grants, and nothing else', async () => {
    await db.pool.query('INSERT INTO things VALUES (7)');
    await expect(db.pool.query('DELETE FROM things')).rejects.toThrow('permission denied');
    await expect(db.pool.query('CREATE TABLE mine (id int)')).rejects.toThrow('permission denied');
  });

  test('that was not applied is named, also by version', async () => {
    const newer: Schema = { ...schema, migrations: [...schema.migrations, ...ddl('SELECT 1')] };
    const other: Schema = { ...schema, name: 'others' };
    expect(await missingSchema(db.admin, [schema])).toEqual([]);
    expect(await missingSchema(db.admin, [schema, newer, other])).toEqual(['things', 'others']);
  });
});
