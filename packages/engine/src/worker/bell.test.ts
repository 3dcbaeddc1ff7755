import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createBell } from './bell.ts';
import { realTime } from './real-time.fixture.ts';

const LONG_MS = 60_000;

test('a ring ends the sleep at once', async () => {
  const bell = createBell(realTime);
  const sleep = bell.sleep(LONG_MS);
  bell.ring();
  await sleep;
});

test('a ring before the sleep is not lost', async () => {
  const bell = createBell(realTime);
  bell.ring();
  await bell.sleep(LONG_MS);
});

test('a ring that was hushed does not end the next sleep', async () => {
  const bell = createBell(realTime);
  bell.ring();
  bell.hush();
  const first = await Promise.race([
    bell.sleep(LONG_MS).then(() => 'slept'),
    new Promise((resolve) => setTimeout(resolve, 30, 'still asleep')),
  ]);
  assert.equal(first, 'still asleep');
  bell.ring();
});
