import assert from 'node:assert/strict';
import { test } from 'node:test';

import { testDatabase } from '@aos/testing';

import { createDatabase } from './db.ts';
import * as health from './health.ts';
import { migrate } from './migrate.ts';
import { knownSchema, readSchema } from './schema-listing.ts';
import { servers } from './worker.fixture.ts';

for (const variable of servers) {
  test(`schema.txt tells the schema that the migrations make (${variable})`, async () => {
    await using server = await testDatabase(variable);
    await migrate(server.url, { allowUnsafe: true });
    const database = createDatabase({ url: server.url, applicationName: 'test' });
    try {
      // After a new migration: node packages/store/src/schema-listing.task.ts <url of a migrated database>
      assert.deepEqual(await readSchema(database), knownSchema());
      await database.query('alter table aos.runs add column of_a_hand int');
      const drifted = (await readSchema(database)).filter((line) => !knownSchema().includes(line));
      assert.deepEqual(drifted, ['column runs.of_a_hand integer']);
    } finally {
      await database.close();
    }
  });

  test(`the health of a server is read by the role of a reader (${variable})`, async () => {
    await using server = await testDatabase(variable);
    await migrate(server.url, { allowUnsafe: true });
    const database = createDatabase({
      url: server.url,
      role: 'aos_reader',
      applicationName: 'test',
    });
    try {
      const { settings, eventPartsUntil, ...read } = await health.read(database);
      assert.ok(read.serverVersion >= 150_000);
      assert.ok(settings.has('fsync') && settings.has('synchronous_commit'));
      assert.ok((eventPartsUntil?.getTime() ?? 0) > Date.now());
      assert.equal(read.orphanLeases, 0);
      assert.ok(read.connections.used >= 1 && read.connections.max > 1);
      assert.equal(read.oldestTransactionS, undefined, 'a reader sees its own transactions alone');
      assert.ok(read.tables.some(({ name }) => name === 'runs'));
    } finally {
      await database.close();
    }
  });
}
