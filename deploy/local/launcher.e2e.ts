import assert from 'node:assert/strict';
import { test } from 'node:test';

import { testGround, type Ground } from './launched.ts';

const READY = 'AOS is ready';
const STAY = `process.on('disconnect', () => process.exit()); setInterval(() => {}, 1000);`;
const GOOD = `process.send({ type: 'ready', port: 4711 }); ${STAY}`;

test('a service that keeps dying stops everything, and the reason is told', async (t) => {
  const ground = await testGround(t);
  const program = launcherOf(ground, {
    api: GOOD,
    worker: `process.send({ type: 'ready', port: 1 }); console.log('out of luck'); setTimeout(() => process.exit(1), 50);`,
  });
  const aos = ground.start(['--no-welcome'], { WORKERS: '1' }, program);
  await aos.printed(READY);
  assert.equal(await aos.ended(), 1);
  assert.match(aos.stderr(), /^AOS stopped: The worker-1 keeps ending\.[^]*out of luck/);
  assert.deepEqual(ground.processes(), []);
});

test('a service that cannot start stops everything', async (t) => {
  const ground = await testGround(t);
  const program = launcherOf(ground, {
    api: `console.error('No luck at all.'); process.exit(1);`,
    worker: GOOD,
  });
  const aos = ground.start([], {}, program);
  assert.equal(await aos.ended(), 1);
  assert.match(aos.stderr(), /^AOS stopped: The api ended at its start\.[^]*No luck at all\.\n$/);
  assert.doesNotMatch(aos.stdout(), /AOS is ready/);
  assert.deepEqual(ground.processes(), []);
});

test('several signals at once are one wish; a second Ctrl-C ends what hangs', async (t) => {
  const ground = await testGround(t);
  const program = launcherOf(ground, {
    api: GOOD,
    worker: `process.on('SIGTERM', () => {}); ${GOOD}`,
  });
  const aos = ground.start(['--no-welcome'], { WORKERS: '1' }, program);
  await aos.printed(READY);
  for (let n = 0; n < 3; n++) aos.child.kill('SIGINT');
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  assert.equal(aos.child.exitCode, null);
  aos.child.kill('SIGINT');
  assert.equal(await aos.ended(), 130);
  await t.waitFor(() => assert.deepEqual(ground.processes(), []), { timeout: 10_000 });
});

test('Ctrl-C while it starts leaves nothing', async (t) => {
  const ground = await testGround(t);
  const program = launcherOf(ground, { api: GOOD, worker: GOOD });
  const aos = ground.start([], {}, program);
  await aos.printed('Starting the database');
  aos.child.kill('SIGINT');
  assert.equal(await aos.ended(), 0);
  assert.doesNotMatch(aos.stdout(), /AOS is ready/);
  assert.deepEqual(ground.processes(), []);
});

/** The launcher with other programs in the place of the services. */
function launcherOf(ground: Ground, sources: { api: string; worker: string }): string {
  const programs = {
    api: ground.write('api.mjs', sources.api),
    worker: ground.write('worker.mjs', sources.worker),
  };
  const launcher = new URL('launcher.ts', import.meta.url).href;
  return ground.write(
    'start.mjs',
    `import { run } from ${JSON.stringify(launcher)};
     process.exit(await run(process.argv.slice(2), process.env, ${JSON.stringify(programs)}));`,
  );
}
