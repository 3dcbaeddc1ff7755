import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { eventually, testGround } from './launched.ts';

const TEST = fileURLToPath(new URL('test.ts', import.meta.url));
const ONE = ['--only', 'unit', 'packages/config/src/readme.test.ts'];
const SERVERS = ['--only', 'unit,e2e', 'run-stages.e2e.ts', '--name', 'no test of this name'];

test('the exit code tells whether the checks passed', async (t) => {
  const ground = await testGround(t);
  const good = ground.start(ONE, {}, TEST);
  assert.equal(await good.ended(), 0);
  assert.match(good.stdout(), /ℹ fail 0[^]*^ok: Unit tests, [\d.]+ s$[^]*^All checks passed\.$/m);

  const wrong = ground.start(['--only', 'nothing'], {}, TEST);
  assert.equal(await wrong.ended(), 2);
  assert.match(wrong.stderr(), /There is no group nothing/);
});

test('Ctrl-C stops the tests and their servers', async (t) => {
  const ground = await testGround(t);
  const tests = ground.start(SERVERS, {}, TEST);
  await tests.printed('End-to-end tests');
  assert.ok(ground.processes().some(({ command }) => command.includes('postgres')));
  tests.child.kill('SIGINT');
  assert.equal(await tests.ended(), 130);
  assert.deepEqual(ground.processes(), []);
  assert.deepEqual(left(ground.home), []);
});

test('what a killed test program left is ended and removed by the next one', async (t) => {
  const ground = await testGround(t);
  const first = ground.start(SERVERS, {}, TEST);
  await first.printed('End-to-end tests');
  first.child.kill('SIGKILL');
  await first.ended();
  assert.ok(ground.processes().some(({ command }) => command.includes('postgres')));

  const second = ground.start(SERVERS, {}, TEST);
  assert.equal(await second.ended(), 0);
  await eventually(() => ground.processes().length === 0);
  assert.deepEqual(left(ground.home), []);
});

/** The folders of throw-away servers; the ground's temporary folder lies beside its home. */
function left(home: string): string[] {
  return readdirSync(join(home, '..', 'tmp')).filter((name) => name.startsWith('aos-test-'));
}
