import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { eventually, testGround } from './launched.ts';

const CLI = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url));

test('beside a stack that runs here, it needs no settings: it finds the API, the key and the database', async (t) => {
  const ground = await testGround(t);
  const stack = ground.start(['--no-welcome'], { WORKERS: '0' });
  await stack.printed('AOS is ready');
  const autoscaler = ground.start(['autoscale', '--max=2'], {}, CLI);
  await autoscaler.printed('1 worker to begin with, at most 2.');
  const run = ground.start(
    ['run', 'Run `select name from planets limit 3` and summarize it.', '--json'],
    {},
    CLI,
  );
  await run.ended();
  const report = JSON.parse(run.stdout()) as { outcome: string };
  assert.equal(report.outcome, 'succeeded', run.stdout());

  autoscaler.child.kill('SIGTERM');
  assert.equal(await autoscaler.ended(), 0, autoscaler.stderr());
  await eventually(() => !ground.processes().some(({ command }) => /worker\/src/.test(command)));
  stack.child.kill('SIGTERM');
  assert.equal(await stack.ended(), 0);
});

test('without a database it says what is missing, and starts nothing', async (t) => {
  const ground = await testGround(t);
  const env = { AOS_API_KEY: 'aos_x', AOS_URL: 'http://127.0.0.1:1' };
  const autoscaler = ground.start(['autoscale'], env, CLI);
  assert.equal(await autoscaler.ended(), 2);
  assert.match(autoscaler.stderr(), /^Workers need a database: set DATABASE_URL/);
});
