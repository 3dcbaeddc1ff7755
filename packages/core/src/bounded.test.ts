import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TookTooLong, within } from './bounded.ts';

const still = new Int32Array(new SharedArrayBuffer(4));

test('work that does not end is stopped', () => {
  assert.throws(
    () =>
      within(50, () => {
        for (;;);
      }),
    TookTooLong,
  );
});

test('work that the machine did not let run is begun again', () => {
  let tries = 0;
  const result = within(50, () => {
    if (++tries === 1) Atomics.wait(still, 0, 0, 150);
    return 'done';
  });
  assert.deepEqual([result, tries], ['done', 2]);
});

test('not for ever', () => {
  let tries = 0;
  const stand = () => {
    tries++;
    Atomics.wait(still, 0, 0, 40);
  };
  assert.throws(() => within(20, stand), TookTooLong);
  assert.equal(tries, 3);
});

test('what the work throws comes out', () => {
  assert.throws(
    () =>
      within(50, () => {
        throw new RangeError('mine');
      }),
    RangeError,
  );
});
