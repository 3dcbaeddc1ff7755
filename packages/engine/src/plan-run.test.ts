import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AosError } from '@aos/core';
import { aPlan } from '@aos/testing';

import { aControl, advance, aWorld, finish, outcomeOf, typesOf } from './world.fixture.ts';

const usage = {
  model: 'm',
  inputTokens: 1,
  outputTokens: 1,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  costUsd: 0.5,
};

test('a plan is made once, stored with its hash, and followed', async () => {
  let times = 0;
  const world = aWorld({
    planning: async () => {
      times++;
      return { plan: aPlan({}), notes: ['By hand.'], usage };
    },
    crashes: [{ at: 3, when: 'before_commit' }],
  });
  assert.equal(await finish(world), 'succeeded');
  assert.equal(times, 1);
  const planned = world.events.filter((event) => event.type === 'run.planned');
  assert.equal(planned.length, 1);
  assert.deepEqual(
    { ...planned[0], durationMs: 0, planHash: '' },
    {
      type: 'run.planned',
      version: 1,
      planner: 'static',
      steps: 1,
      planHash: '',
      durationMs: 0,
      usage,
      notes: ['By hand.'],
    },
  );
  assert.equal(planned[0]?.planHash, world.plan?.hash);
});

test('a goal that cannot be planned ends the run with the reason', async () => {
  const world = aWorld({
    planning: () =>
      Promise.reject(new AosError('goal_not_plannable', 'I do not understand.', { usage })),
  });
  assert.equal(await advance(world), 'finished');
  assert.deepEqual(typesOf(world), ['run.started', 'run.planning_failed', 'run.finished']);
  const [, told, last] = world.events;
  assert.ok(told?.type === 'run.planning_failed' && told.usage && told.retryAt === undefined);
  assert.ok(last?.type === 'run.finished' && last.failure?.detail === 'I do not understand.');
});

test('a planner that is busy is asked again later, five times in all', async () => {
  let times = 0;
  const world = aWorld({
    planning: () => {
      times++;
      return Promise.reject(new AosError('target_overloaded', 'Busy.', { retryAfterMs: 5_000 }));
    },
  });
  assert.equal(await advance(world), 'waiting');
  assert.ok(world.state.status === 'waiting' && world.state.wakeAt);
  assert.equal(await finish(world), 'failed');
  assert.equal(times, 5);
  const attempts = world.events.flatMap((event) =>
    event.type === 'run.planning_failed' ? [event.attempt] : [],
  );
  assert.deepEqual(attempts, [1, 2, 3, 4, 5]);

  let answers = 0;
  const better = aWorld({
    planning: () =>
      ++answers < 3
        ? Promise.reject(new AosError('target_failed', 'No.'))
        : Promise.resolve({ plan: aPlan({}) }),
  });
  assert.equal(await finish(better), 'succeeded');
});

test('a planner that throws something else is a fault of ours', async () => {
  const world = aWorld({ planning: () => Promise.reject(new TypeError('x is not a function')) });
  assert.equal(await advance(world), 'finished');
  const last = world.events.at(-1);
  assert.ok(last?.type === 'run.finished' && last.failure?.code === 'internal');
});

test('a run that is cancelled while it is being planned never starts a step', async () => {
  const { control, cancel } = aControl();
  const world = aWorld({
    planning: async (_run, signal) => {
      cancel.abort('Ann');
      if (signal.aborted) throw new AosError('target_failed', 'Cut.');
      return { plan: aPlan({}) };
    },
  });
  assert.equal(await advance(world, control), 'finished');
  assert.equal(outcomeOf(world), 'cancelled');
  assert.deepEqual(world.calls, []);
});
