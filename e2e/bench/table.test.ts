import assert from 'node:assert/strict';
import { test } from 'node:test';

import { compare, skipped } from './row.ts';
import { shown, table } from './table.ts';

test('numbers are shown with three digits, large ones whole', () => {
  assert.equal(shown(1234.56), '1235');
  assert.equal(shown(99.99), '100');
  assert.equal(shown(12.345), '12.3');
  assert.equal(shown(0.012345), '0.0123');
  assert.equal(shown(0), '0');
  assert.equal(shown(null), '-');
});

test('the table has a line a row, with columns that stand under each other', () => {
  const row = compare({
    measure: 'drain.runs',
    unit: 'runs/s',
    reference: 'the limit',
    values: [900, 1100],
    referenceValues: [2000, 2000],
  });
  const lines = table([row, skipped('drain', 'a peer', 'no network')]);
  assert.deepEqual(lines, [
    'measure     value  unit    reference  its value  ratio     ±  note',
    '----------  -----  ------  ---------  ---------  -----  ----  ----------',
    'drain.runs   1000  runs/s  the limit       2000   0.5x  10 %',
    'drain           -          a peer             -      -        no network',
  ]);
});
