import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import { failpoints } from '@aos/engine';

import { chaos } from '../chaos.ts';
import { failpointAt, killApi, killWorker, pauseWorker, roll } from '../faults/processes.ts';
import { lostAnswers } from '../faults/wire.ts';
import { holdRun, until, wentOnAfter } from '../hold.ts';
import { assertSound, repeated, timesOf, type Scenario } from '../scenario.ts';
import { buildWorld } from '../world.ts';

const quick = { durationMs: 25_000, pauseMs: 600 };

export const f1: Scenario = {
  name: 'F1',
  what: 'workers are killed at every named point and at random',
  passLine: 'no violation; held runs go on, p50 <= 6 s, p99 <= 10 s with a worker standing by',
  async run({ seed, say }) {
    const faults = [...failpoints.map(failpointAt), killWorker];
    const result = await chaos({
      seed,
      say,
      faults,
      durationMs: 30_000,
      // Nobody dies at a point to which the machine is too busy to come.
      eachWithinMs: 240_000,
      pauseMs: 300,
    });
    assertSound(result, { runs: 20, hits: 3 });
    assert.deepEqual(
      faults.map(({ name }) => name).filter((name) => !result.struck.has(name)),
      [],
      'nobody died there',
    );
    const { p50, p99, count } = timesOf(result);
    say(
      `F1: ${count} held runs went on after ${Math.round(p50)} ms (p50), ${Math.round(p99)} ms (p99)`,
    );
    assert.ok(p50 <= 6_000 && p99 <= 10_000);
  },
};

export const f2: Scenario = {
  name: 'F2',
  what: 'workers stand still for longer than their lease, and wake up',
  passLine: 'nothing of a worker that woke up is accepted: no violation',
  async run({ seed, say }) {
    const faults = repeated(pauseWorker, 1);
    const result = await chaos({ seed, say, faults, durationMs: 40_000, pauseMs: 400 });
    assertSound(result, { runs: 20, hits: 3 });
  },
};

/** A worker that does something to itself when it gets SIGUSR2. */
const hurtable = (deed: 'block' | 'bomb') => ({
  env: { CHAOS_DEED: deed },
  options: {
    execArgv: ['--max-old-space-size=300', '--import', new URL('../deed.ts', import.meta.url).href],
  },
});

export const f3: Scenario = {
  name: 'F3',
  what: 'the main loop of a worker is stuck for longer than its lease',
  passLine: 'its watchdog ends it, and its run goes on elsewhere; no second executor',
  run: ({ random, say }) => selfHarm(random, say, 'block', 15_000),
};

export const f4: Scenario = {
  name: 'F4',
  what: 'a worker runs out of memory',
  passLine: 'it dies, and its run goes on elsewhere; no second executor',
  run: ({ random, say }) => selfHarm(random, say, 'bomb', 15_000),
};

async function selfHarm(
  random: Parameters<Scenario['run']>[0]['random'],
  say: (line: string) => void,
  deed: 'block' | 'bomb',
  limitMs: number,
): Promise<void> {
  await using world = await buildWorld({ random, workers: 0, apis: 1, proxied: false });
  await world.fleet.add(await world.place('worker', hurtable(deed)));
  const held = await holdRun(world);
  await world.fleet.add(await world.place('worker'));
  const victim = world.fleet.members('worker').find(({ process: { pid } }) => pid === held.pid);
  assert.ok(victim);
  const at = Date.now();
  victim.process.kill('SIGUSR2');
  const died = await Promise.race([victim.process.exited, sleep(limitMs)]);
  assert.ok(died, 'it lives');
  const ms = await wentOnAfter(world, held, at);
  say(`its run went on after ${Math.round(ms)} ms`);
  assert.ok(ms <= limitMs);
}

export const f5: Scenario = {
  name: 'F5',
  what: 'APIs are killed, also between a commit and its answer',
  passLine: 'a key makes one run; streams have no gap and no repetition',
  async run({ seed, say }) {
    const faults = [killApi, lostAnswers];
    const result = await chaos({ seed, say, faults, ...quick });
    assertSound(result, { runs: 20, hits: 0 });
    assert.ok(result.streams.watched > 0);
  },
};

export const f6: Scenario = {
  name: 'F6',
  what: 'a rolling deploy: SIGTERM to one after another',
  passLine: 'no violation, and no attempt is used up by it',
  async run({ seed, say }) {
    const outside = { trouble: 0, latencyMs: 60 };
    const result = await chaos({ seed, say, faults: [roll], outside, ...quick });
    assertSound(result, { runs: 20, hits: 2 });
  },
};

export const standby: Scenario = {
  name: 'standby',
  what: 'a worker is killed while another one stands by',
  passLine: 'its run goes on in less than 2 s; the goal is 0.5 s',
  async run({ random, say }) {
    await using world = await buildWorld({ random, workers: 2, apis: 1, proxied: false });
    const times: number[] = [];
    for (let n = 0; n < 3; n++) {
      // Whoever was killed last is back: without one that stands by, nothing is measured.
      await until(60_000, 'two workers live', () =>
        world.fleet.members('worker').length === 2 ? true : undefined,
      );
      const held = await holdRun(world);
      const at = Date.now();
      process.kill(held.pid, 'SIGKILL');
      times.push(await wentOnAfter(world, held, at));
      await world.caller.insist('POST', `/v1/runs/run_${held.id}/cancel`);
      await sleep(500);
    }
    times.sort((a, b) => a - b);
    say(
      `SIGKILL -> resumed on a standby worker: ${times.map((ms) => Math.round(ms)).join(', ')} ms`,
    );
    assert.ok((times[1] ?? Infinity) < 2_000, 'the median');
  },
};
