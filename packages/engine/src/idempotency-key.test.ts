import assert from 'node:assert/strict';
import { test } from 'node:test';

import { idempotencyKeyOf } from './idempotency-key.ts';

test('the key is a fixed function of run and step', () => {
  assert.equal(idempotencyKeyOf('run_1', 'a'), idempotencyKeyOf('run_1', 'a'));
  const keys = new Set<string>();
  for (let run = 0; run < 50; run++) {
    for (let item = 0; item < 50; item++) keys.add(idempotencyKeyOf(`run_${run}`, `a[${item}]`));
  }
  assert.equal(keys.size, 2_500);
  for (const key of keys) assert.match(key, /^[0-9a-z]{26}$/);
});
