import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AosError } from '@aos/core';

import { createFleet } from './fleet.ts';
import type { Service } from './service.ts';

/** A fleet whose workers are ready, die and end when the test says so. */
function aFleet() {
  const it = {
    now: 0,
    started: [] as string[],
    stopping: [] as string[],
    said: [] as string[],
    broken: false,
    dead: new Map<string, (reason: AosError) => void>(),
    ended: new Map<string, () => void>(),
  };
  const fleet = createFleet({
    graceMs: 5_000,
    now: () => it.now,
    say: (line) => void it.said.push(line),
    start: async (name, onGivenUp) => {
      it.started.push(name);
      if (it.broken) throw new AosError('not_ready', `The ${name} ended at its start.`);
      it.dead.set(name, onGivenUp);
      const service: Service = {
        name,
        port: 1,
        stop: (graceMs) => {
          assert.equal(graceMs, 5_000);
          it.stopping.push(name);
          return new Promise((resolve) => it.ended.set(name, resolve));
        },
        killNow: () => {},
      };
      return service;
    },
  });
  return { fleet, it };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('it grows in parallel, and shrinks by draining the newest without waiting for it', async () => {
  const { fleet, it } = aFleet();
  fleet.resize(3);
  assert.deepEqual([fleet.size, fleet.ready], [3, 0]);
  await turn();
  assert.equal(fleet.ready, 3);
  fleet.resize(1);
  assert.deepEqual(it.stopping, ['worker-3', 'worker-2']);
  assert.equal(fleet.size, 1);
  fleet.resize(2);
  await turn();
  assert.deepEqual(it.started.at(-1), 'worker-4', 'one that is drained does not come back');
});

test('one that is not wanted any more before it is ready ends as soon as it is', async () => {
  const { fleet, it } = aFleet();
  fleet.resize(2);
  fleet.resize(1);
  assert.deepEqual(it.stopping, []);
  await turn();
  assert.deepEqual(it.stopping, ['worker-2']);
});

test('what keeps dying is replaced, later each time it happens', async () => {
  const { fleet, it } = aFleet();
  fleet.resize(1);
  await turn();
  it.dead.get('worker-1')?.(new AosError('not_ready', 'The worker-1 keeps ending.'));
  assert.match(it.said.at(-1) ?? '', /keeps ending\.\nThe next worker is started in 1 s/);
  fleet.resize(1);
  assert.equal(it.started.length, 1);
  it.now = 1_000;
  it.broken = true;
  fleet.resize(1);
  await turn();
  assert.match(it.said.at(-1) ?? '', /ended at its start\.\nThe next worker is started in 2 s/);
  it.now = 3_000;
  fleet.resize(1);
  await turn();
  assert.match(it.said.at(-1) ?? '', /in 4 s at the earliest/);
  it.now = 7_000;
  it.broken = false;
  fleet.resize(1);
  await turn();
  assert.equal(fleet.ready, 1);
  assert.equal(it.said.at(-1), 'The worker-4 is ready.');
});

test('stopped, it drains everybody, waits for them, and starts nobody', async () => {
  const { fleet, it } = aFleet();
  fleet.resize(2);
  await turn();
  let stopped = false;
  const stopping = fleet.stop().then(() => (stopped = true));
  fleet.resize(5);
  await turn();
  assert.equal(stopped, false);
  for (const end of it.ended.values()) end();
  await stopping;
  assert.equal(it.started.length, 2);
});
