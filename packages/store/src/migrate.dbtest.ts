import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { testDatabase } from '@aos/testing';

import { createDatabase, type Database } from './db.ts';
import { assertMigrated, migrate } from './migrate.ts';
import { servers } from './worker.fixture.ts';

const unsafe = { allowUnsafe: true };

for (const variable of servers) {
  test(`several that migrate at once wait for each other, and once is enough (${variable})`, async () => {
    await using server = await testDatabase(variable);
    const database = createDatabase({ url: server.url, applicationName: 'test' });
    try {
      await assert.rejects(assertMigrated(database), { code: 'not_ready', message: /0001/ });
      await Promise.all(Array.from({ length: 4 }, () => migrate(server.url, unsafe)));
      await migrate(server.url, unsafe);
      await assertMigrated(database);
      const rows = await database.query<{ name: string }>(
        'select name from aos.migrations order by id',
      );
      assert.deepEqual(
        rows.map(({ name }) => name),
        rows.map(({ name }) => name).toSorted(),
      );
      assert.equal(new Set(rows.map(({ name }) => name)).size, rows.length);
      assert.ok(rows.length >= 4);
      const queues = await database.query(`select 1 from pgboss.queue where name = 'runs'`);
      assert.equal(queues.length, 1);
    } finally {
      await database.close();
    }
  });
}

test('a database of a newer schema is left as it is', async () => {
  await using server = await testDatabase();
  await migrate(server.url, unsafe);
  const database = createDatabase({ url: server.url, applicationName: 'test' });
  try {
    await database.query(`insert into aos.migrations (name, run_on) values ('9999_future', now())`);
    await assert.rejects(migrate(server.url, unsafe), {
      code: 'not_ready',
      message: /9999_future/,
    });
    await assertMigrated(database);
  } finally {
    await database.close();
  }
});

test('a server that may lose what it acknowledged is refused, and nothing is made in it', async () => {
  await using server = await testDatabase();
  const database = createDatabase({ url: server.url, applicationName: 'test' });
  try {
    // The server of the tests runs without fsync.
    await assert.rejects(migrate(server.url), { code: 'not_ready', message: /fsync = off/ });
    const made = await database.query(
      `select 1 from pg_namespace where nspname in ('aos', 'pgboss')`,
    );
    assert.deepEqual(made, []);
  } finally {
    await database.close();
  }
});

test('a migration that meets somebody in a ring of locks begins anew', async () => {
  await using server = await testDatabase();
  await migrate(server.url, unsafe);
  const database = createDatabase({
    url: server.url,
    applicationName: 'test',
    queryTimeoutMs: PATIENCE_MS,
  });
  try {
    // The newest file is to be done again. It waits for longer than we need to close the ring.
    await database.query(`delete from aos.migrations where name = '0016_lost-claims'`);
    await database.query('alter table aos.runs drop column lost_claims');
    await database.query('drop type aos.lost_claim');
    const name = new URL(server.url).pathname.slice(1);
    await database.query(`alter database "${name}" set deadlock_timeout = '3s'`);
    const again = await database.transaction(async (tx) => {
      await tx.query(`set local deadlock_timeout = '${PATIENCE_MS}ms'`);
      await tx.query('set local lock_timeout = 0');
      await tx.query('set local statement_timeout = 0');
      await tx.query('lock table aos.migrations in share mode');
      const migrating = migrate(server.url, unsafe);
      migrating.catch(() => {});
      // It has locked runs by now, which we want next.
      await until(
        database,
        `select from pg_locks where relation = 'aos.migrations'::regclass and not granted`,
      );
      await tx.query('lock table aos.runs in row exclusive mode');
      return { migrating };
    });
    await again.migrating;
    await assertMigrated(database);
    await until(
      database,
      `select from pg_stat_database where datname = current_database() and deadlocks = 1`,
    );
  } finally {
    await database.close();
  }
});

const PATIENCE_MS = 60_000;

/** Resolves once the query finds something. */
async function until(database: Database, query: string): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; (await database.query(query)).length === 0;) {
    if (Date.now() > end) throw new Error(`Nothing within ${PATIENCE_MS} ms: ${query}`);
    await sleep(20);
  }
}
