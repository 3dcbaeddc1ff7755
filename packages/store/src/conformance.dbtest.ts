import { after, before, suite, test } from 'node:test';

import { runStoreCases } from '@aos/testing';

import { postgresRunStore } from './run-store.fixture.ts';
import { startTestStore, type TestStore } from './store.fixture.ts';
import { servers } from './worker.fixture.ts';

for (const variable of servers) {
  suite(`a store of runs on ${variable}`, () => {
    let database: TestStore;
    before(async () => {
      database = await startTestStore(variable);
    });
    after(() => database[Symbol.asyncDispose]());

    for (const { name, check } of runStoreCases) {
      test(name, async () => {
        await using store = await postgresRunStore(database);
        await check(store);
      });
    }
  });
}
