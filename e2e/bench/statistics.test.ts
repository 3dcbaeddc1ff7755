import assert from 'node:assert/strict';
import { test } from 'node:test';

import { median, percentile, spread } from './statistics.ts';

test('the median is the middle, whatever the order', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([7]), 7);
  assert.ok(Number.isNaN(median([])));
});

test('a percentile lies between the two nearest ranks', () => {
  const hundred = Array.from({ length: 101 }, (_, n) => n);
  assert.equal(percentile(hundred, 99), 99);
  assert.equal(percentile(hundred, 0), 0);
  assert.equal(percentile([10, 20], 90), 19);
});

test('the spread is half the way between the extremes, as a share of the median', () => {
  assert.equal(spread([90, 100, 110]), 0.1);
  assert.equal(spread([100]), 0);
  assert.equal(spread([]), 0);
});
