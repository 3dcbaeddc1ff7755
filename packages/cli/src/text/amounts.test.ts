import assert from 'node:assert/strict';
import { test } from 'node:test';

import { age, bytes, dollars, duration, moment } from './amounts.ts';

test('amounts are told in the unit a person would choose', () => {
  assert.deepEqual([0, 412, 1500, 30_000, 65_000, 3_600_000, 7_380_000, 90_000_000].map(duration), [
    '0 ms',
    '412 ms',
    '1.5 s',
    '30 s',
    '1 min 5 s',
    '1 h',
    '2 h 3 min',
    '1 d 1 h',
  ]);
  assert.deepEqual([12, 2048, 3_500_000].map(bytes), ['12 B', '2.0 kB', '3.5 MB']);
  assert.deepEqual([0, 0.000123, 0.5, 12].map(dollars), ['$0.00', '$0.00012', '$0.50', '$12.00']);
  assert.equal(age('2026-05-01T09:00:00Z', Date.parse('2026-05-01T11:30:00Z')), '2 h');
  assert.equal(moment('2026-05-01T09:00:00.123Z'), '2026-05-01 09:00:00 UTC');
  assert.equal(moment('not a time'), 'not a time');
});
