import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parkByHand, rampAt, release, type Plan, type StepRecord } from '@aos/core';

import { sharedTargets, type SharedTargets } from './targets.fixture.ts';
import {
  aControl,
  advance,
  aWorld,
  callsOf,
  decide,
  failed,
  outcomeOf,
  typesOf,
  type Act,
  type Setting,
  type World,
} from './world.fixture.ts';

const HOST = 'http:api.example:443';

const plan: Plan = {
  version: 1,
  steps: [{ key: 'get', skill: 'fetch', input: { at: HOST } }],
};

function aRun(act: Act, more: Partial<Setting> = {}): World {
  return aWorld({ plan, skills: { fetch: { effect: 'read', act } }, ...more });
}

function go(world: World, shared: SharedTargets, runId = 'run_1') {
  return advance(world, aControl().control, { targets: shared.of(world, runId) });
}

function stepOf(world: World, key = 'get'): StepRecord {
  return world.steps.get(key) as StepRecord;
}

function parked(shared: SharedTargets, until?: Date): SharedTargets {
  const order = { by: 'Bo', reason: 'Maintenance', ...(until && { until }) };
  shared.set(HOST, parkByHand(shared.circuit(HOST), order, new Date(0)));
  return shared;
}

test('a step whose target is out is parked before it begins, with one fact and no attempt', async () => {
  const world = aRun(() => 'never');
  assert.equal(await go(world, parked(sharedTargets())), 'waiting');
  assert.deepEqual(typesOf(world), ['run.started', 'step.parked', 'run.waiting']);
  assert.equal(callsOf(world, 'get').length, 0);
  const { attempt, status, ...step } = stepOf(world);
  assert.deepEqual([attempt, status], [0, 'waiting']);
  assert.ok('wait' in step && step.wait.for === 'target' && step.wait.target === HOST);
  assert.ok(world.state.status === 'waiting' && world.state.waitingFor === 'target');
});

test('claimed again while it is out, it stays parked and writes no second fact', async () => {
  const shared = parked(sharedTargets());
  const world = aRun(() => 'never');
  await go(world, shared);
  await go(world, shared);
  assert.equal(typesOf(world).filter((type) => type === 'step.parked').length, 1);
});

test('the attempt that brought the Retry-After does not count, and is the only fact', async () => {
  let out = true;
  const world = aRun(() => (out ? failed('target_overloaded', { retryAfterMs: 30_000 }) : 'fine'));
  const shared = sharedTargets();
  assert.equal(await go(world, shared), 'waiting');
  assert.equal(stepOf(world).attempt, 0);
  const fact = world.events.find((event) => event.type === 'step.parked');
  assert.ok(fact?.type === 'step.parked' && fact.failure?.code === 'target_overloaded');
  assert.equal(fact.until, new Date((world.startedAt?.getTime() ?? 0) + 30_000).toISOString());

  out = false;
  world.clock.skipTo(new Date(world.clock.now().getTime() + 30_000));
  assert.equal(shared.tend(HOST, [world], world.clock.now()).length, 1);
  assert.equal(await go(world, shared), 'finished');
  assert.equal(stepOf(world).attempt, 1);
  assert.equal(shared.circuit(HOST).state.kind, 'releasing');
});

test('an attempt that failed before anybody knew of the outage does not count either', async () => {
  const shared = sharedTargets();
  const world = aRun(({ attempt }) => (attempt === 1 ? failed('target_unreachable') : 'never'));
  const targets = shared.of(world, 'run_1');
  let entries = 0;
  const enter: typeof targets.enter = (target, how) => {
    if (++entries === 2) parked(shared);
    return targets.enter(target, how);
  };
  await advance(world, aControl().control, { targets: { ...targets, enter } });
  assert.deepEqual(typesOf(world), ['run.started', 'step.failed', 'step.parked', 'run.waiting']);
  assert.equal(stepOf(world).attempt, 0);
});

test('while others are let go first, an attempt that failed by itself still counts', async () => {
  const shared = sharedTargets();
  const world = aRun(() => failed('target_failed'));
  const targets = shared.of(world, 'run_1');
  const enter: typeof targets.enter = (target, how) => {
    const leave = targets.enter(target, how);
    shared.set(HOST, release(shared.circuit(HOST), world.clock.now()));
    return leave;
  };
  await advance(world, aControl().control, { targets: { ...targets, enter } });
  assert.deepEqual(typesOf(world), ['run.started', 'step.failed', 'step.parked', 'run.waiting']);
  assert.equal(stepOf(world).attempt, 1);
});

test('the deadline of the run counts all the same', async () => {
  const world = aRun(() => 'never', { wallMs: 60_000 });
  const shared = parked(sharedTargets());
  assert.equal(await go(world, shared), 'waiting');
  assert.ok(world.state.status === 'waiting' && world.state.wakeAt);
  assert.equal(world.state.wakeAt.getTime(), (world.startedAt?.getTime() ?? 0) + 60_000);
  world.clock.skipTo(world.state.wakeAt);
  assert.equal(await go(world, shared), 'finished');
  assert.equal(outcomeOf(world), 'failed');
  const last = world.events.at(-1);
  assert.ok(last?.type === 'run.finished' && last.failure?.code === 'run_timed_out');
});

test('after a day its patience is over: it tries by itself, and may fail', async () => {
  const world = aRun(() => failed('target_unreachable'), {
    plan: { version: 1, steps: [{ ...plan.steps[0], retry: { attempts: 1 } } as never] },
  });
  const shared = parked(sharedTargets());
  await go(world, shared);
  assert.ok(world.state.status === 'waiting' && world.state.wakeAt);
  world.clock.skipTo(world.state.wakeAt);
  assert.equal(await go(world, shared), 'finished');
  assert.equal(outcomeOf(world), 'failed');
});

test('what does not need the target goes on, and the run waits only when nothing else can go', async () => {
  const world = aRun(() => 'never', {
    plan: {
      version: 1,
      steps: [
        ...plan.steps,
        { key: 'other', skill: 'echo', input: { at: 'http:elsewhere:443' } },
        { key: 'free', skill: 'echo', input: { text: 'a' }, after: ['other'] },
      ],
    },
  });
  assert.equal(await go(world, parked(sharedTargets())), 'waiting');
  assert.equal(stepOf(world, 'free').status, 'completed');
  assert.equal(stepOf(world).status, 'waiting');
});

test('an effect begins its intent only once it may call, and is asked about once', async () => {
  const world = aRun(({ input }) => input, {
    plan: {
      version: 1,
      steps: [{ ...(plan.steps[0] as never as object), approval: { reason: 'Sure?' } } as never],
    },
    skills: { fetch: { effect: 'unkeyed' } },
  });
  const shared = parked(sharedTargets());
  await go(world, shared);
  decide(world, 'approve');
  assert.equal(await go(world, shared), 'waiting');
  assert.ok(!typesOf(world).includes('step.started'));
  shared.set(HOST, release(shared.circuit(HOST), world.clock.now()));
  assert.equal(shared.tend(HOST, [world], world.clock.now()).length, 1);
  assert.equal(await go(world, shared), 'finished');
  assert.equal(world.approvals.size, 1);
  assert.equal(outcomeOf(world), 'succeeded');
  assert.deepEqual(world.violations, []);
});

test('200 runs outlast an outage in virtual time: one attempt each, one probe at a time, on the ramp', async () => {
  const shared = sharedTargets();
  let now = Date.UTC(2026, 0, 1);
  let out = true;
  const calls: { at: number; ok: boolean }[] = [];
  const act: Act = (_call, { world }) => {
    calls.push({ at: world.clock.now().getTime(), ok: !out });
    return out ? failed('target_overloaded', { retryAfterMs: 30_000 }) : 'fine';
  };
  const worlds = Array.from({ length: 200 }, () => aRun(act));
  const advanceAt = async (world: World, n: number) => {
    world.clock.skipTo(new Date(now));
    await go(world, shared, `run_${n}`);
  };
  for (const [n, world] of worlds.entries()) await advanceAt(world, n);
  assert.equal(calls.length, 1, 'all but the first are parked before they call');

  // Every quarter of a second somebody looks after the target; it answers again after five minutes.
  for (let tickAt = 0; worlds.some((world) => !outcomeOf(world)); tickAt += 250) {
    assert.ok(tickAt < 600_000, 'it takes ten minutes at most');
    now = Date.UTC(2026, 0, 1) + tickAt;
    out = tickAt < 300_000;
    const ready = shared.tend(HOST, worlds, new Date(now));
    for (const world of ready) await advanceAt(world, worlds.indexOf(world));
  }
  const probes = calls.filter(({ ok }) => !ok);
  for (const [n, { at }] of probes.entries()) {
    const previous = probes[n - 1];
    if (previous) assert.ok(at - previous.at >= 30_000, 'one try an interval');
  }
  assert.equal(probes.length, 10);
  const answered = calls.filter(({ ok }) => ok);
  const first = answered[0]?.at ?? 0;
  for (const [place, { at }] of answered.entries()) {
    assert.ok(place <= rampAt(at - first), `call ${place} after ${at - first} ms`);
  }
  assert.ok(worlds.every((world) => outcomeOf(world) === 'succeeded'));
  assert.ok(worlds.every((world) => stepOf(world).attempt === 1));
});
