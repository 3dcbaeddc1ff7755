import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ClaimLost } from '@aos/core';
import { aPlan } from '@aos/testing';

import {
  aControl,
  advance,
  aWorld,
  callsOf,
  failed,
  finish,
  outcomeOf,
  typesOf,
  unknown,
  type Act,
  type Setting,
} from './world.fixture.ts';

/** Ends when it is told to, with what a skill says then; otherwise after a minute. */
const hangs: Act = async ({ input }, { signal, world }) => {
  await world.clock.sleep(60_000, signal);
  return signal.aborted ? failed('cancelled') : input;
};
const skills: Setting['skills'] = {
  read: { effect: 'read', act: hangs },
  send: { effect: 'keyed', act: hangs },
  book: { effect: 'unkeyed', act: hangs },
};

test('a cancelled run stops at any moment, and says who wanted it', async () => {
  const plan = aPlan(
    { skill: 'read' },
    { key: 'b', skill: 'send' },
    { key: 'c', after: ['a'] },
    { key: 'd', approval: { reason: 'x' } },
  );
  for (const afterMs of [0, 1, 2, 3, 5, 50, 150, 59_999]) {
    const world = aWorld({ plan, skills });
    const { control, cancel } = aControl();
    void world.clock.sleep(afterMs, new AbortController().signal).then(() => cancel.abort('Ann'));
    assert.equal(await advance(world, control), 'finished', `${afterMs}`);
    assert.equal(outcomeOf(world), 'cancelled');
    assert.deepEqual(world.violations, []);
    const last = world.events.at(-1);
    assert.ok(last?.type === 'run.finished' && last.by === 'Ann');
    assert.ok(!world.steps.has('c'));
  }
});

test('a run that was cancelled before it was claimed begins nothing', async () => {
  const world = aWorld({ plan: aPlan({}) });
  world.cancelledBy = 'Ann';
  assert.equal(await advance(world), 'finished');
  assert.deepEqual(world.calls, []);
  assert.equal(outcomeOf(world), 'cancelled');
});

test('work that was done when the run was cancelled is kept', async () => {
  const { control, cancel } = aControl();
  const world = aWorld({
    plan: aPlan({ skill: 'pay' }, { key: 'b', after: ['a'] }),
    skills: { pay: { effect: 'unkeyed', act: () => (cancel.abort('Ann'), { paid: true }) } },
  });
  await advance(world, control);
  assert.equal(outcomeOf(world), 'cancelled');
  const record = world.steps.get('a');
  assert.ok(record?.status === 'completed');
});

test('an effect that was cut by a cancellation says that it may have happened', async () => {
  const { control, cancel } = aControl();
  const world = aWorld({
    plan: aPlan({ skill: 'pay' }),
    skills: { pay: { effect: 'unkeyed', act: () => (cancel.abort('Ann'), unknown()) } },
  });
  await advance(world, control);
  const record = world.steps.get('a');
  assert.ok(record?.status === 'failed' && record.failure.code === 'outcome_unknown');
  assert.equal(outcomeOf(world), 'cancelled');
});

test('a worker that stops begins nothing more, lets what is under way end, and gives the run back', async () => {
  const { control, stop } = aControl();
  const world = aWorld({ plan: aPlan({ skill: 'send' }, { key: 'b', after: ['a'] }), skills });
  void world.clock.sleep(500, new AbortController().signal).then(() => stop.abort());
  assert.equal(await advance(world, control), 'released');
  assert.equal(world.steps.get('a')?.status, 'completed');
  assert.ok(!world.steps.has('b'));
  assert.equal(world.state.status, 'queued');
  assert.equal(await finish(world), 'succeeded');
});

test('in a hurry what can be repeated is cut, and no attempt is used up', async () => {
  for (const skill of ['read', 'send', 'book']) {
    const { control, stop, hurry } = aControl();
    const world = aWorld({ plan: aPlan({ skill, retry: { attempts: 1 } }), skills });
    void world.clock.sleep(500, new AbortController().signal).then(() => {
      stop.abort();
      hurry.abort();
    });
    assert.equal(await advance(world, control), 'released', skill);
    assert.equal(world.steps.get('a')?.attempt ?? 0, 0, skill);
    assert.equal(await finish(world), 'succeeded', skill);
    assert.deepEqual(
      callsOf(world, 'a').map(({ attempt }) => attempt),
      [1, 1],
      skill,
    );
    assert.equal(world.approvals.size, 0, `${skill}: it was known not to have happened`);
    assert.deepEqual(world.violations, []);
  }
});

test('planning that is cut is begun again by the next worker', async () => {
  const { control, stop, hurry } = aControl();
  let times = 0;
  const world = aWorld({
    async planning(_run, signal) {
      times++;
      if (times > 1) return { plan: aPlan({}) };
      stop.abort();
      hurry.abort();
      await world.clock.sleep(60_000, signal);
      throw new Error('aborted');
    },
  });
  assert.equal(await advance(world, control), 'released');
  assert.equal(await finish(world), 'succeeded');
});

test('a lost claim stops at once and writes nothing', async () => {
  const { control, lost } = aControl();
  const world = aWorld({ plan: aPlan({ skill: 'send' }, { key: 'b', after: ['a'] }), skills });
  void world.clock.sleep(500, new AbortController().signal).then(() => lost.abort());
  assert.equal(await advance(world, control), 'lost');
  assert.deepEqual(typesOf(world), ['run.started', 'step.started']);
});

test('a commit that is refused stops the run silently, wherever it is', async () => {
  const plan = aPlan(
    { skill: 'read' },
    { key: 'b', skill: 'send', after: ['a'] },
    { key: 'c', skill: 'read' },
  );
  for (let taken = 1; taken <= 7; taken++) {
    const world = aWorld({ plan, skills });
    let commits = 0;
    const ending = await advance(world, aControl().control, {
      async commit(change) {
        commits++;
        if (commits >= taken) throw new ClaimLost('Somebody else has it.');
        for (const step of change.steps ?? []) world.steps.set(step.key, step);
        world.events.push(...change.events);
      },
    });
    assert.equal(ending, 'lost', `${taken}`);
    assert.ok(!typesOf(world).includes('run.finished'));
    assert.equal(await finish(world), 'succeeded', 'the next holder goes on');
  }
});

test('a holder that was overtaken cannot disturb the one that overtook it', async () => {
  const world = aWorld({
    plan: aPlan({ skill: 'send' }, { key: 'b', skill: 'send', after: ['a'] }),
    skills,
  });
  const first = advance(world);
  await world.clock.sleep(500, new AbortController().signal);
  const second = advance(world);
  assert.deepEqual(await Promise.all([first, second]), ['lost', 'finished']);
  assert.deepEqual(world.violations, []);
  assert.equal(outcomeOf(world), 'succeeded');
});
