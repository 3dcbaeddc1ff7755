import assert from 'node:assert/strict';
import { test } from 'node:test';

import { retryAfterMs } from './retry-after.ts';

test('Retry-After is read as seconds or as a date', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  assert.equal(retryAfterMs('120', now), 120_000);
  assert.equal(retryAfterMs('Thu, 01 Jan 2026 00:00:05 GMT', now), 5000);
  assert.equal(retryAfterMs('Thu, 01 Jan 2020 00:00:00 GMT', now), 0);
  assert.equal(retryAfterMs('999999999', now), 24 * 3_600_000);
  assert.equal(retryAfterMs('soon', now), undefined);
  assert.equal(retryAfterMs('', now), undefined);
  assert.equal(retryAfterMs(undefined, now), undefined);
});
