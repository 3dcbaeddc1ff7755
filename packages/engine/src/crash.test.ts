import assert from 'node:assert/strict';
import { test } from 'node:test';

import { aPlan } from '@aos/testing';

import type { Crash } from './facts.fixture.ts';
import { aWorld, finish, outcomeOf, outputOf, type Setting, type World } from './world.fixture.ts';

const flaky: NonNullable<Setting['skills']>[string] = {
  effect: 'keyed',
  act: ({ attempt, input }) =>
    attempt === 1
      ? { outcome: 'failed', failure: { code: 'target_failed', detail: 'It answered 500.' } }
      : { got: input },
};
const skills: NonNullable<Setting['skills']> = {
  echo: {},
  read: { effect: 'read', act: ({ input }, { world }) => after(world, 300, { read: input }) },
  send: { effect: 'keyed', act: ({ idempotencyKey }) => ({ key: idempotencyKey }) },
  book: { effect: 'unkeyed', act: ({ input }) => ({ booked: input }) },
  refuse: {
    act: () => ({ outcome: 'failed', failure: { code: 'target_refused', detail: 'No.' } }),
  },
  flaky,
};

async function after<T>(world: World, ms: number, value: T): Promise<T> {
  await world.clock.sleep(ms, new AbortController().signal);
  return value;
}

const shapes: Readonly<Record<string, Setting>> = {
  'a chain': {
    plan: aPlan(
      { input: { x: 1 } },
      { key: 'b', skill: 'read', input: { x: '${a.x}' } },
      { key: 'c', skill: 'send', input: { x: '${b.read.x}' } },
    ),
  },
  'a diamond': {
    plan: aPlan(
      { skill: 'send' },
      { key: 'b', skill: 'read', after: ['a'] },
      { key: 'c', skill: 'send', after: ['a'] },
      { key: 'd', input: { b: '${b}', c: '${c}' } },
    ),
  },
  'a list with an item that fails': {
    plan: aPlan(
      {
        forEach: { in: [1, 2, 3, 4, 5], concurrency: 2, onItemError: 'continue' },
        skill: 'send',
        input: { i: '${item}' },
      },
      {
        key: 'b',
        skill: 'refuse',
        forEach: { in: '${a}', concurrency: 3, onItemError: 'continue' },
      },
      { key: 'c', input: { all: '${b}' } },
    ),
  },
  'a list that fails as a whole, forgiven': {
    plan: aPlan(
      { skill: 'refuse', forEach: { in: [1, 2, 3] }, onError: { use: { x: 0 } } },
      { key: 'b', input: { x: '${a.x}' } },
    ),
  },
  'conditions, skips and fallbacks': {
    plan: aPlan(
      { skill: 'refuse', onError: 'continue' },
      { key: 'b', input: { x: '${a}' } },
      { key: 'c', skill: 'refuse', onError: { use: { ok: true } } },
      { key: 'd', when: 'c.ok', skill: 'send' },
      { key: 'e', when: '!c.ok' },
    ),
  },
  'a retry that is sat out, and one that is parked': {
    plan: aPlan(
      { skill: 'flaky' },
      { key: 'b', skill: 'flaky', after: ['a'], retry: { delayMs: 60_000 } },
    ),
  },
  'a step that fails the run beside one that goes on': {
    plan: aPlan(
      { skill: 'read' },
      { key: 'b', skill: 'refuse' },
      { key: 'c', skill: 'send', after: ['a'] },
    ),
  },
  'an approval before an effect': {
    plan: aPlan(
      { skill: 'send', approval: { reason: 'Money.' } },
      { key: 'b', input: { k: '${a.key}' } },
    ),
  },
  'an effect that cannot be repeated': {
    plan: aPlan({ skill: 'book', input: { x: 1 } }, { key: 'b', input: { x: '${a.booked.x}' } }),
  },
  'planning first': {
    planning: async () => ({ plan: aPlan({ skill: 'send' }), notes: ['Planned by a test.'] }),
  },
};

function checked(world: World, clean: World, what: string): void {
  assert.deepEqual(world.violations, [], what);
  assert.equal(outcomeOf(world), outcomeOf(clean), what);
  assert.deepEqual(outputOf(world), outputOf(clean), what);
  assert.equal(world.events.filter(({ type }) => type === 'run.finished').length, 1, what);
  assert.equal(world.events.at(-1)?.type, 'run.finished', what);
  const completions = new Map<string, number>();
  const keys = new Map<string, string>();
  for (const event of world.events) {
    if (event.type === 'step.completed') {
      completions.set(event.step, (completions.get(event.step) ?? 0) + 1);
    }
  }
  for (const [key, count] of completions) assert.equal(count, 1, `${what}: ${key} completed twice`);
  for (const { stepKey, idempotencyKey, skill } of world.calls) {
    assert.equal(keys.get(stepKey) ?? idempotencyKey, idempotencyKey, `${what}: ${stepKey}`);
    keys.set(stepKey, idempotencyKey);
    if (skill !== 'book') continue;
    const booked = world.calls.filter((call) => call.skill === 'book').length;
    const allowed = [...world.approvals.values()].filter(({ decision }) => decision === 'approve');
    assert.ok(booked <= 1 + allowed.length, `${what}: booked again without leave`);
  }
}

async function run(setting: Setting, crashes: readonly Crash[]): Promise<World> {
  const world = aWorld({ skills, ...setting, crashes });
  await finish(world);
  return world;
}

for (const [what, setting] of Object.entries(shapes)) {
  test(`a crash at any commit or call changes nothing of the outcome: ${what}`, async () => {
    const clean = await run(setting, []);
    checked(clean, clean, 'without a crash');
    for (const when of ['before_commit', 'after_commit', 'before_call', 'after_call'] as const) {
      const places = when.endsWith('call') ? clean.callsBegun : clean.commits;
      for (let at = 1; at <= places; at++) {
        const world = await run(setting, [{ at, when }]);
        checked(world, clean, `${when} ${at}`);
      }
    }
  });
}

test('two crashes, one in the repair of the other, change nothing either', async () => {
  const setting = shapes['an effect that cannot be repeated'] as Setting;
  const clean = await run(setting, []);
  for (let first = 1; first <= clean.commits; first++) {
    for (let gap = 1; gap <= 4; gap++) {
      for (const when of ['before_commit', 'after_commit'] as const) {
        const world = await run(setting, [
          { at: first, when },
          { at: first + gap, when },
        ]);
        checked(world, clean, `${when} ${first} and ${first + gap}`);
      }
    }
  }
});
