import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';

import { testDatabase } from '@aos/testing';

import {
  createDatabase,
  isBusy,
  isConflict,
  isUnavailable,
  sqlState,
  violated,
  type Database,
} from './db.ts';

async function withDatabase(
  work: (database: Database, url: string) => Promise<void>,
): Promise<void> {
  await using server = await testDatabase();
  const database = createDatabase({ url: server.url, applicationName: 'test', connectionsMax: 3 });
  try {
    await database.query('create table t (id int primary key, v text)');
    await work(database, server.url);
  } finally {
    await database.close();
  }
}

const acting = async (tx: Pick<Database, 'query'>) =>
  (await tx.query<{ v: string }>(`select current_setting('aos.tenants', true) as v`))[0]?.v;

const count = async (database: Database) =>
  (await database.query<{ n: number }>('select count(*)::int as n from t'))[0]?.n;

test('a transaction is all or nothing', () =>
  withDatabase(async (database) => {
    await database.transaction((tx) => tx.query('insert into t values ($1)', [1]));
    await assert.rejects(
      database.transaction(async (tx) => {
        await tx.query('insert into t values ($1)', [2]);
        throw new TypeError('bug');
      }),
      TypeError,
    );
    assert.equal(await count(database), 1);
    const again = database.transaction((tx) => tx.query('insert into t values ($1)', [1]));
    await assert.rejects(
      again,
      (error) => sqlState(error) === '23505' && violated(error) === 't_pkey',
    );
  }));

test('a transaction that swallowed an error is not taken for committed', () =>
  withDatabase(async (database) => {
    const doomed = database.transaction(async (tx) => {
      await tx.query('insert into t values ($1)', [1]);
      await tx.query('select 1 / 0').catch(() => {});
    });
    await assert.rejects(doomed, /rolled back/);
    assert.equal(await count(database), 0);
  }));

test('connections that the server ends are replaced, and the process lives', () =>
  withDatabase(async (database, url) => {
    const killer = createDatabase({ url, applicationName: 'killer' });
    const end = `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'test' and datname = current_database()`;
    await assert.rejects(
      database.transaction(async (tx) => {
        await tx.query('insert into t values ($1)', [1]);
        await killer.query(end);
        await tx.query('insert into t values ($1)', [2]);
      }),
      isUnavailable,
    );
    await killer.close();
    assert.equal(await count(database), 0);
  }));

test('a database that is away is told as unavailable, in time', async () => {
  const hole = createServer(() => {});
  await new Promise<void>((resolve) => hole.listen(0, '127.0.0.1', resolve));
  const { port } = hole.address() as { port: number };
  for (const url of [`postgres://a:b@127.0.0.1:${port}/x`, 'postgres://a:b@127.0.0.1:1/x']) {
    const database = createDatabase({ url, applicationName: 'test' });
    const begun = performance.now();
    await assert.rejects(database.query('select 1'), isUnavailable);
    await assert.rejects(
      database.transaction(() => Promise.resolve()),
      isUnavailable,
    );
    assert.ok(performance.now() - begun < 6_000);
    await database.close();
  }
  hole.close();
});

test('a lock in the way is told from a conflict', () =>
  withDatabase(async (database) => {
    await database.query('insert into t values (1)');
    await database.transaction(async (tx) => {
      await tx.query('select 1 from t for update');
      const second = database.transaction(async (other) => {
        await other.query(`set local lock_timeout = '50ms'`);
        await other.query('update t set v = 1');
      });
      await assert.rejects(second, (error) => isBusy(error) && !isConflict(error));
    });
    const serial = database.transaction(async (tx) => {
      await tx.query('set transaction isolation level serializable');
      await tx.query('select * from t');
      await database.query(`update t set v = 'x'`);
      await tx.query(`update t set v = 'y'`);
    });
    await assert.rejects(serial, (error) => isConflict(error) && !isBusy(error));
  }));

test('whom a transaction acts for is forgotten with it', () =>
  withDatabase(async (database) => {
    assert.equal(await database.actingFor(['b', 'a', 'b'], acting), 'b,a');
    for (let at = 0; at < 5; at++) assert.ok(!(await acting(database)));
    for (const name of ["a','b", 'a,b', 'A', '']) {
      await assert.rejects(database.actingFor([name], acting), /Not a tenant name/);
    }
  }));
