import assert from 'node:assert/strict';
import { test } from 'node:test';

import { compare, skipped } from './row.ts';

const common = { measure: 'drain.runs', unit: 'runs/s', reference: 'other' };

test('a round that was slow for both sides does not change the ratio', () => {
  // The medians alone would say 3.
  const row = compare({ ...common, values: [200, 20, 30], referenceValues: [100, 10, 10] });
  assert.deepEqual(row, {
    ...common,
    value: 30,
    referenceValue: 10,
    ratio: 2,
    noise: 0.25,
    rounds: 3,
  });
});

test('the noise tells how far the ratios of the rounds lie apart', () => {
  const { ratio, noise } = compare({
    ...common,
    values: [90, 100, 110],
    referenceValues: [50, 50, 50],
  });
  assert.equal(ratio, 2);
  assert.ok(Math.abs((noise ?? 0) - 0.1) < 1e-9);
});

test('one round tells no noise, and a reference of nothing no ratio', () => {
  const row = compare({ ...common, values: [5], referenceValues: [0], note: 'why' });
  assert.equal(row.ratio, null);
  assert.equal(row.value, 5);
  assert.equal(row.referenceValue, 0);
  assert.equal('noise' in row, false);
  assert.equal(row.note, 'why');
});

test('what could not be measured says why, and is JSON all the same', () => {
  const row = skipped('drain', 'peer', 'no network');
  assert.deepEqual(JSON.parse(JSON.stringify(row)), {
    measure: 'drain',
    value: null,
    unit: '',
    reference: 'peer',
    referenceValue: null,
    ratio: null,
    rounds: 0,
    note: 'no network',
  });
  const empty = compare({ ...common, values: [], referenceValues: [] });
  assert.equal(empty.value, null);
});
