import { test } from 'node:test';

import { runStoreCases } from '@aos/testing';

import { memoryRunStore } from './run-store.fixture.ts';

for (const { name, check } of runStoreCases) {
  test(`the store in memory: ${name}`, async () => {
    await using store = memoryRunStore();
    await check(store);
  });
}
