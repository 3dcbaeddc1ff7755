import assert from 'node:assert/strict';
import { test } from 'node:test';

import { afterAttempt } from './delivery.ts';

const now = new Date('2026-01-01T00:00:00Z');
const expiresAt = new Date('2026-01-02T00:00:00Z');
const waitS = (attempts: number, result: Parameters<typeof afterAttempt>[1], random = 1) => {
  const step = afterAttempt({ attempts, expiresAt }, result, now, () => random);
  assert.equal(step.next, 'retry');
  return step.next === 'retry' ? (step.at.getTime() - now.getTime()) / 1_000 : 0;
};

test('only 2xx is a delivery; a redirect and a refusal are tried again', () => {
  for (const status of [200, 202, 204, 299]) {
    assert.deepEqual(afterAttempt({ attempts: 1, expiresAt }, { status }, now), {
      next: 'delivered',
    });
  }
  for (const status of [301, 400, 404, 429, 500, 503]) assert.equal(waitS(1, { status }), 5);
  const failure = { code: 'target_unreachable', detail: '' } as const;
  assert.equal(waitS(1, { failure }), 5);
});

test('pauses grow to an hour, half of each by chance', () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 7, 8, 20].map((attempts) => waitS(attempts, { status: 500 })),
    [5, 15, 45, 135, 405, 1215, 3600, 3600, 3600],
  );
  assert.equal(waitS(1, { status: 500 }, 0), 2.5);
});

test('a Retry-After is the least pause, up to an hour', () => {
  assert.equal(waitS(1, { status: 429, retryAfterMs: 60_000 }), 60);
  assert.equal(waitS(4, { status: 429, retryAfterMs: 60_000 }), 135);
  assert.equal(waitS(1, { status: 503, retryAfterMs: 86_400_000 }), 3600);
});

test('it is given up when the next attempt would come too late, or at 410', () => {
  const late = new Date(now.getTime() + 4_000);
  const step = afterAttempt({ attempts: 1, expiresAt: late }, { status: 500 }, now, () => 1);
  assert.deepEqual(step, { next: 'dead', gone: false });
  assert.deepEqual(afterAttempt({ attempts: 1, expiresAt }, { status: 410 }, now), {
    next: 'dead',
    gone: true,
  });
});
