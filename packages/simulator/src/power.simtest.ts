import assert from 'node:assert/strict';
import { test } from 'node:test';

import { mutants } from './mutants/mutants.ts';
import { attempt, preload } from './mutant-child.fixture.ts';

const SEEDS = '300';
/** A mistake may make a test wait for ever. */
const UNIT = ['--test', '--test-isolation=none', '--test-timeout=4000', '--test-force-exit'];

test('power: without a mistake the same child finds nothing', async () => {
  const main = 'packages/simulator/src/main.ts';
  const { code, output } = await attempt([main, '--seeds', '20', '--stop']);
  assert.equal(code, 0, output);
});

for (const { name, killedBy } of mutants) {
  if (typeof killedBy !== 'string' && !('unit' in killedBy)) continue;
  test(`power: it is noticed when somebody makes this mistake: ${name}`, async () => {
    if (killedBy === 'simulator') {
      const main = 'packages/simulator/src/main.ts';
      const { code, output } = await attempt([main, '--seeds', SEEDS, '--stop', '--mutant', name]);
      assert.equal(code, 1, output);
      assert.match(output, /^seed \d+: \w/m);
    } else {
      const { code, output } = await attempt([...preload(name), ...UNIT, killedBy.unit]);
      assert.equal(code, 1, output);
      assert.match(output, /^\s*(✖|not ok) /m);
    }
  });
}
