import assert from 'node:assert/strict';
import { test } from 'node:test';

import { aPlan, aStep } from '@aos/testing';
import * as fc from 'fast-check';

import { cycleIn, dependenciesOf, lastSteps } from './dependencies.ts';

test('a step depends on all it reads, and on what it must come after', () => {
  const { data, all } = dependenciesOf(
    aStep({
      key: 'x',
      input: { a: '${a.b}', list: ['${item.c} ${index} ${input.d}', { deep: '${b}' }] },
      forEach: { in: '${c.items}' },
      when: 'd.ok && input.go',
      after: ['e', 'a'],
    }),
  );
  assert.deepEqual([...data].toSorted(), ['a', 'b', 'c', 'd']);
  assert.deepEqual([...all].toSorted(), ['a', 'b', 'c', 'd', 'e']);
});

test('the last steps are those that nothing needs', () => {
  const { steps } = aPlan(
    { key: 'a' },
    { key: 'b', after: ['a'] },
    { key: 'c', input: { x: '${a}' } },
  );
  assert.deepEqual(
    lastSteps(steps).map(({ key }) => key),
    ['b', 'c'],
  );
});

test('a graph without a way back has no cycle, and one with it has', () => {
  const edges = fc.array(fc.tuple(fc.nat(19), fc.nat(19)), { maxLength: 60 });
  fc.assert(
    fc.property(edges, (pairs) => {
      const forward = pairs.filter(([from, to]) => from < to);
      const plan = (used: typeof pairs) =>
        aPlan(
          ...Array.from({ length: 20 }, (_, at) => ({
            key: `s${at}`,
            after: [...new Set(used.filter(([, to]) => to === at).map(([from]) => `s${from}`))],
          })),
        ).steps;
      assert.equal(cycleIn(plan(forward)), undefined);
      const [first] = forward;
      if (!first) return;
      const cycle = cycleIn(plan([...forward, [first[1], first[0]]]));
      assert.ok(cycle && cycle.length > 1 && cycle[0] === cycle.at(-1));
    }),
  );
});
