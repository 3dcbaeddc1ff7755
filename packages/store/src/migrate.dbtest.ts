import assert from 'node:assert/strict';
import { test } from 'node:test';

import { testDatabase } from '@aos/testing';

import { createDatabase } from './db.ts';
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
