import assert from 'node:assert/strict';
import { test } from 'node:test';

import { failures, type FailureCode } from './failures.ts';
import type { Retry } from './plan.ts';
import { retryDelayMs } from './retry.ts';

const delay = (attempt: number, retry: Retry, random: number, retryAfterMs?: number) =>
  retryDelayMs(
    { code: 'target_failed', detail: '', ...(retryAfterMs !== undefined && { retryAfterMs }) },
    attempt,
    retry,
    () => random,
  );

const table: readonly (readonly [string, number | undefined, number | undefined])[] = [
  ['the first delay is below 500 ms', delay(1, {}, 1), 500],
  ['and doubles', delay(2, {}, 1), 1_000],
  ['and may be nothing at all', delay(2, {}, 0), 0],
  ['and ends after 3 attempts', delay(3, {}, 1), undefined],
  ['or after as many as the plan says', delay(9, { attempts: 10 }, 1), 60_000],
  ['which may be one', delay(1, { attempts: 1 }, 1), undefined],
  ['the plan names the first delay', delay(3, { attempts: 5, delayMs: 10 }, 1), 40],
  ['and the longest', delay(9, { attempts: 10, delayMs: 100, delayMaxMs: 700 }, 1), 700],
  ['no delay is possible', delay(1, { delayMs: 0 }, 1), 0],
  ['Retry-After is the least wait', delay(1, {}, 0, 7_000), 7_000],
  ['with jitter on top', delay(1, {}, 0.5, 7_000), 7_250],
  ['but no longer than a day', delay(1, {}, 0, 1e300), 86_400_000],
  ['and never into the past', delay(1, {}, 0, -5_000), 0],
  ['nor to no time at all', delay(1, {}, 0, Number.NaN), 0],
  ['Retry-After does not add attempts', delay(3, {}, 0, 1), undefined],
];

for (const [sentence, given, wanted] of table) {
  test(`retry: ${sentence}`, () => assert.equal(given, wanted));
}

test('only failures that may pass by themselves are tried again', () => {
  for (const [code, { retryable }] of Object.entries(failures)) {
    const again = retryDelayMs({ code: code as FailureCode, detail: '' }, 1, {}, () => 0.5);
    assert.equal(again !== undefined, retryable, code);
  }
});

test('without a source of chance given, delays are random below their bound', () => {
  const delays = Array.from({ length: 200 }, () =>
    retryDelayMs({ code: 'target_failed', detail: '' }, 1),
  );
  assert.ok(delays.every((ms) => ms !== undefined && ms >= 0 && ms <= 500));
  assert.ok(new Set(delays).size > 20);
});
