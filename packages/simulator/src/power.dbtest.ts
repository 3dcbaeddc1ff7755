import assert from 'node:assert/strict';
import { test } from 'node:test';

import { attempt, preload } from './mutant-child.fixture.ts';
import { mutants } from './mutants/mutants.ts';

const SUITE = 'packages/store/src/conformance.dbtest.ts';
const SERVER = 'a store of runs on AOS_TEST_DATABASE_URL';

async function runCase(conformance: string, flags: readonly string[]) {
  const escaped = conformance.replaceAll(/[()+.*]/g, String.raw`\$&`);
  const pattern = `--test-name-pattern=^${SERVER} ${escaped}`;
  const more = ['--test', '--test-isolation=none', '--test-timeout=20000', pattern, SUITE];
  return { ...(await attempt([...flags, ...more])), failure: new RegExp(`(not ok|✖).*${escaped}`) };
}

test('power: without a mistake the same case passes', async () => {
  const { code, output } = await runCase('an answer to a commit that got lost', []);
  assert.equal(code, 0, output);
  assert.match(output, /(# |ℹ )pass 1$/m);
});

for (const { name, killedBy } of mutants) {
  if (typeof killedBy === 'string' || !('conformance' in killedBy)) continue;
  test(`power: the suite on PostgreSQL notices this mistake: ${name}`, async () => {
    const { code, output, failure } = await runCase(killedBy.conformance, preload(name));
    assert.equal(code, 1, output);
    assert.match(output, failure, 'by that case');
  });
}
