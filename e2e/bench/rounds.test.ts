import assert from 'node:assert/strict';
import { test } from 'node:test';

import { interleave, rowsOf, type Side } from './rounds.ts';

/** Gives its numbers one after the other, and throws at a missing one. */
function side(
  name: string,
  values: readonly number[],
  order: string[],
  note?: string,
): Side<number> {
  let at = 0;
  return {
    name,
    ...(note !== undefined && { note }),
    async take() {
      order.push(name);
      const value = values[at++];
      if (value === undefined) throw new Error(`${name} is broken`);
      return value;
    },
  };
}

const options = { rounds: 3, tell: String, say: () => {} };
const readings = [{ measure: 'rate', unit: 'x', value: (sample: number) => sample }];

test('every second round goes backwards', async () => {
  const order: string[] = [];
  const sides = ['a', 'b', 'c'].map((name) => side(name, [1, 1, 1], order));
  await interleave(sides, options);
  assert.equal(order.join(''), 'abccbaabc');
});

test('the first side is compared with each other one, round by round', async () => {
  const sides = [
    side('a', [2, 4, 6], []),
    side('b', [1, 2, 3], [], 'a note'),
    side('c', [4, 8, 12], []),
  ];
  const rows = rowsOf(await interleave(sides, options), 'm', readings);
  assert.deepEqual(
    rows.map(({ measure, reference, ratio, rounds, note }) => [
      measure,
      reference,
      ratio,
      rounds,
      note,
    ]),
    [
      ['m.rate', 'b', 2, 3, 'a note'],
      ['m.rate', 'c', 0.5, 3, undefined],
    ],
  );
});

test('a side that fails drops out with its reason, and the others go on', async () => {
  const order: string[] = [];
  const sides = [side('a', [2, 4, 6], order), side('b', [1], order), side('c', [1, 2, 3], order)];
  const rows = rowsOf(await interleave(sides, options), 'm', readings);
  assert.equal(order.join(''), 'abccbaac');
  assert.deepEqual(
    rows.map(({ reference, ratio, note }) => [reference, ratio, note]),
    [
      ['b', null, 'b is broken'],
      ['c', 2, undefined],
    ],
  );
});
