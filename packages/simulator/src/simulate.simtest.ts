import assert from 'node:assert/strict';
import { test } from 'node:test';

import { simulate } from './simulate.ts';
import { createTotals } from './totals.ts';

const BATCHES = 10;
const SEEDS = 500;
const FAULTS = ['cut', 'failpoint', 'kill', 'outage', 'partition', 'pause', 'roll', 'vanish'];

test('a seed tells the whole history: twice the same is the same to the last line', async () => {
  const traces = new Set<string>();
  for (let seed = 1; seed <= 20; seed++) {
    const [once, twice] = [
      await simulate(seed, { traced: true }),
      await simulate(seed, { traced: true }),
    ];
    assert.ok(once.trace.length > 100);
    assert.deepEqual(twice.trace, once.trace);
    traces.add(once.trace.join('\n'));
  }
  assert.equal(traces.size, 20);
});

for (let batch = 0; batch < BATCHES; batch++) {
  const first = 1 + batch * SEEDS;
  test(`nothing that must hold breaks in any history from ${first} to ${first + SEEDS - 1}`, async () => {
    const totals = createTotals();
    const wrong: string[] = [];
    for (let seed = first; seed < first + SEEDS; seed++) {
      const simulation = await simulate(seed);
      totals.add(simulation);
      wrong.push(...simulation.violations.map((one) => `npm run sim -- --seed ${seed}: ${one}`));
    }
    assert.deepEqual(wrong, []);
    // A history in which nothing happened proves nothing.
    const { sums } = totals;
    assert.ok(sums.runs > 4 * SEEDS && sums.effects > 15 * SEEDS, 'work was done');
    for (const fault of FAULTS) {
      assert.ok((sums.hits.get(fault) ?? 0) > SEEDS / 20, `${fault} struck those who held runs`);
    }
    assert.ok(sums.recoveryMs.length > SEEDS / 50, 'recovery was timed');
    assert.ok(sums.staleEffects * 1_000 <= sums.effects, 'hardly an effect of a worker that lost');
  });
}
