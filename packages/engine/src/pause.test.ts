import assert from 'node:assert/strict';
import { test } from 'node:test';

import { aPlan } from '@aos/testing';

import type { Control } from './ports.ts';
import {
  aControl,
  advance,
  aWorld,
  callsOf,
  decide,
  failed,
  finish,
  outcomeOf,
  type World,
} from './world.fixture.ts';

/** A switch that a test throws. */
function aPause() {
  const paused = { by: undefined as string | undefined, skills: new Set<string>() };
  const control: Control = {
    ...aControl().control,
    pausedBy: () => paused.by,
    isSkillPaused: (skill) => paused.skills.has(skill),
  };
  return { paused, control };
}

const stateOf = ({ state }: World) => state;

test('a paused run rests at its next step boundary, and no attempt is used up', async () => {
  const { paused, control } = aPause();
  const world = aWorld({
    plan: aPlan({ skill: 'pay' }, { key: 'b', after: ['a'] }),
    skills: { pay: { effect: 'unkeyed', act: () => ((paused.by = 'Ann'), { paid: true }) } },
  });
  assert.equal(await advance(world, control), 'waiting');
  assert.deepEqual(stateOf(world), { status: 'waiting', waitingFor: 'pause' });
  assert.equal(world.steps.get('a')?.status, 'completed', 'what is under way ends');
  assert.ok(!world.steps.has('b'));
  assert.deepEqual(world.events.at(-1), { type: 'run.waiting', waitingFor: 'pause', by: 'Ann' });

  assert.equal(await advance(world, control), 'waiting', 'claimed while paused, it rests again');
  paused.by = undefined;
  assert.equal(await advance(world, control), 'finished');
  assert.equal(outcomeOf(world), 'succeeded');
  assert.equal(callsOf(world, 'a').length, 1);
  assert.equal(callsOf(world, 'b')[0]?.attempt, 1);
  assert.deepEqual(world.violations, []);
});

test('a pause that is over before the next boundary is never noticed', async () => {
  const { paused, control } = aPause();
  const world = aWorld({
    plan: aPlan({ skill: 'slow' }, { key: 'b', after: ['a'] }),
    skills: {
      slow: {
        async act() {
          paused.by = 'Ann';
          await world.clock.sleep(100, new AbortController().signal);
          paused.by = undefined;
          return {};
        },
      },
    },
  });
  assert.equal(await advance(world, control), 'finished');
});

test('cancelling and the deadline come before a pause; a pause before the stop of its worker', async () => {
  for (const [how, ending] of [
    ['cancel', 'cancelled'],
    ['deadline', 'failed'],
  ] as const) {
    const { paused, control } = aPause();
    paused.by = 'Ann';
    const world = aWorld({ plan: aPlan({}), wallMs: 1_000 });
    assert.equal(await advance(world, control), 'waiting');
    assert.ok(world.state.status === 'waiting' && world.state.wakeAt, 'the deadline wakes it');
    if (how === 'cancel') world.cancelledBy = 'Bo';
    else world.clock.skipTo(world.state.wakeAt);
    assert.equal(await advance(world, control), 'finished');
    assert.equal(outcomeOf(world), ending);
  }
  const { paused, control } = aPause();
  paused.by = 'Ann';
  const stopped = AbortSignal.abort();
  assert.equal(
    await advance(aWorld({ plan: aPlan({}) }), { ...control, stop: stopped }),
    'waiting',
  );
});

test('a paused skill holds the steps that need it, and no others', async () => {
  const { paused, control } = aPause();
  paused.skills.add('mail');
  const world = aWorld({
    plan: aPlan(
      { key: 'a' },
      { key: 'b', skill: 'mail' },
      { key: 'c', after: ['a'] },
      { key: 'd', after: ['b'] },
      { key: 'e', skill: 'mail', after: ['b'] },
    ),
    skills: { mail: { effect: 'keyed' } },
  });
  assert.equal(await advance(world, control), 'waiting');
  assert.deepEqual([...world.steps.keys()].toSorted(), ['a', 'c']);
  assert.deepEqual(stateOf(world), {
    status: 'waiting',
    waitingFor: 'pause',
    pausedSkills: ['mail'],
  });
  paused.skills.clear();
  assert.equal(await advance(world, control), 'finished');
  assert.equal(outcomeOf(world), 'succeeded');
  assert.equal(callsOf(world, 'b')[0]?.attempt, 1);
});

test('while a skill is paused, a decision and a retry of other steps go on', async () => {
  const { paused, control } = aPause();
  paused.skills.add('mail');
  let calls = 0;
  const world = aWorld({
    plan: aPlan(
      { key: 'a', skill: 'mail' },
      { key: 'b', approval: { reason: 'Sure?' } },
      { key: 'c', skill: 'flaky', retry: { attempts: 3, delayMs: 60_000 } },
    ),
    skills: {
      mail: {},
      flaky: { act: () => (++calls === 1 ? failed('target_unreachable') : {}) },
    },
  });
  assert.equal(await advance(world, control), 'waiting');
  assert.ok(world.state.status === 'waiting' && world.state.wakeAt, 'the retry wakes it');
  world.clock.skipTo(world.state.wakeAt);
  decide(world, 'approve');
  assert.equal(await advance(world, control), 'waiting');
  assert.equal(world.steps.get('b')?.status, 'completed');
  assert.equal(world.steps.get('c')?.status, 'completed');
  assert.ok(!world.steps.has('a'));
  paused.skills.clear();
  assert.equal(await finish(world), 'succeeded');
});
