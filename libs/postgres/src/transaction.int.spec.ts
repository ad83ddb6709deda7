import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ddl, testDatabase, type TestDatabase } from '@cartwheel/testing';
import { DeadlineExceeded } from '@cartwheel/primitives';
import { Column, Entity, type EntityManager, PrimaryColumn } from 'typeorm';
import {
  autocommit,
  createDataSource,
  DatabaseUnavailable,
  guarded,
  migrate,
  missingSchema,
  type Schema,
  type Transaction,
  transaction,
} from './index.ts';

const schema: Schema = {
  name: 'things',
  migrations: ddl('CREATE TABLE things (id int PRIMARY KEY)', 'ALTER TABLE things ADD COLUMN note text'),
  grants: { things: 'SELECT, INSERT, UPDATE' },
};

@Entity('things')
class Thing {
  @PrimaryColumn('int') id!: number;
  @Column('text', { nullable: true }) note!: string | null;
}

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase([schema], { entities: [Thing] });
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

describe('entities', () => {
  const killed = async (tx: Transaction) => {
    const [me] = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    await db.admin.query('SELECT pg_terminate_backend($1)', [me!.pid]);
  };

  test('share the transaction with its SQL: both see it, nobody else does, and it ends for both', async () => {
    const failing = transaction(db.dataSource, async (tx) => {
      await tx.manager.insert(Thing, { id: 1 });
      await tx.query(`UPDATE things SET note = 'seen' WHERE id = 1`);
      expect(await tx.manager.findOneBy(Thing, { id: 1 })).toEqual({ id: 1, note: 'seen' });
      expect(await count()).toBe(0);
      throw new Error('no');
    }).catch((error: unknown) => error);
    expect(await failing).toEqual(new Error('no'));
    expect(await count()).toBe(0);
  });

  test('that are saved in the middle commit nothing by themselves', async () => {
    const failing = transaction(db.dataSource, async (tx) => {
      await tx.manager.save(Thing, { id: 1, note: null });
      await tx.manager.transaction((nested) => nested.save(Thing, { id: 2, note: null }));
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await count()).toBe(0);
  });

  test('whose failure is swallowed fail the COMMIT, where TypeORM’s own transaction reports success', async () => {
    const swallowing = async ({ manager }: { manager: EntityManager }) => {
      await manager.insert(Thing, { id: 2 });
      await manager.query('INSERT INTO nowhere VALUES (1)').catch(() => 'never mind');
      return 'done';
    };
    await expect(transaction(db.dataSource, swallowing)).rejects.toThrow('COMMIT rolled back');
    expect(await db.dataSource.transaction((manager) => swallowing({ manager }))).toBe('done');
    expect(await count()).toBe(0);
  });

  test('that come late, when the transaction is over, are written nowhere', async () => {
    const late = Promise.withResolvers<void>();
    let straggler: Promise<unknown> | undefined;
    await transaction(db.dataSource, async (tx) => {
      straggler = late.promise.then(() => tx.manager.insert(Thing, { id: 1 }));
      await tx.query('SELECT 1');
    });
    late.resolve();
    await expect(straggler).rejects.toThrow('this transaction is over');
    expect(await count()).toBe(0);
  });

  test('on a killed connection are the database’s, whatever the work made of it, and the pool stays whole', async () => {
    for (const make of [(error: unknown) => error, () => new TypeError('of the handler')]) {
      const dying = transaction(db.dataSource, async (tx) => {
        await killed(tx);
        await tx.manager.countBy(Thing, { id: 1 }).catch((error: unknown) => {
          throw make(error);
        });
      });
      await expect(dying).rejects.toBeInstanceOf(DatabaseUnavailable);
    }
    const all = Array.from({ length: 20 }, (_, id) =>
      transaction(db.dataSource, (tx) => tx.manager.insert(Thing, { id })),
    );
    await Promise.all(all);
    expect(await count()).toBe(20);
  });

  test('pass the guard of a part of the transaction, and no other part', async () => {
    const seen: string[] = [];
    await transaction(db.dataSource, async (tx) => {
      const part = guarded(tx, (send) => {
        seen.push('statement');
        return send();
      });
      await tx.manager.insert(Thing, { id: 1 });
      await part.manager.insert(Thing, { id: 2 });
      await part.query('INSERT INTO things VALUES (3)');
    });
    expect([seen.length, await count()]).toEqual([2, 3]);
  });
});

describe('a schema', () => {
  test('is applied once by two set-ups at once', async () => {
    const more: Schema = { name: 'more', migrations: ddl('CREATE TABLE more (id int)'), grants: {} };
    const ran = await Promise.all([1, 2, 3].map(() => migrate(db.admin.url, [schema, more])));
    expect(ran.toSorted()).toEqual([0, 0, 1]);
  });

  test('of a database from before TypeORM goes on where that was', async () => {
    const old = await testDatabase([]);
    await old.admin.query(`CREATE TABLE things (id int PRIMARY KEY)`);
    await old.admin.query('CREATE TABLE schema_versions (name text, version int)');
    await old.admin.query(`INSERT INTO schema_versions VALUES ('things', 1)`);
    expect(await migrate(old.admin.url, [schema])).toBe(1);
    await old.admin.query(`INSERT INTO things (id, note) VALUES (1, 'has both')`);
    expect(await migrate(old.admin.url, [schema])).toBe(0);
    expect(await old.admin.query(`SELECT to_regclass('schema_versions') AS gone`)).toEqual([{ gone: null }]);
    await old.drop();
  });

  test('gives the service what it grants, and nothing else', async () => {
    await db.pool.query('INSERT INTO things VALUES (7)');
    await expect(db.pool.query('DELETE FROM things')).rejects.toThrow('permission denied');
    await expect(db.pool.query('CREATE TABLE mine (id int)')).rejects.toThrow('permission denied');
  });

  test('that was not applied is named, also by version', async () => {
    const newer: Schema = { ...schema, migrations: [...schema.migrations, ...ddl('SELECT 1')] };
    const other: Schema = { ...schema, name: 'others', migrations: ddl('CREATE TABLE others (id int)') };
    expect(await missingSchema(db.admin, [schema])).toEqual([]);
    const unprepared = await testDatabase([]);
    expect(await missingSchema(autocommit(unprepared.dataSource), [schema])).toEqual(['things']);
    await unprepared.drop();
    expect(await missingSchema(db.admin, [schema, newer, other])).toEqual(['things', 'others']);
  });
});
