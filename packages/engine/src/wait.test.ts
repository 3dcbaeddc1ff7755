import assert from 'node:assert/strict';
import { test } from 'node:test';

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
} from './world.fixture.ts';

const never = new AbortController().signal;
const always =
  (code: Parameters<typeof failed>[0]): Act =>
  () =>
    failed(code);
const hangs: Act = (_, { signal }) =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(failed('cancelled'))));
const gaps = (times: readonly { readonly at: number }[]) =>
  times.slice(1).map(({ at }, before) => at - (times[before]?.at ?? 0));

test('what may pass by itself is tried again, later each time, and then given up', async () => {
  const world = aWorld({
    plan: aPlan({ skill: 'down', retry: { attempts: 4, delayMs: 200 } }),
    skills: { down: { act: always('target_failed') } },
    random: () => 1,
  });
  assert.equal(await advance(world), 'finished');
  const [first = 0, second = 0, third = 0, ...none] = gaps(callsOf(world, 'a'));
  assert.deepEqual(none, []);
  for (const [given, wanted] of [
    [first, 200],
    [second, 400],
    [third, 800],
  ] as const) {
    assert.ok(given >= wanted && given < wanted + 20, `${given} for ${wanted}`);
  }
  assert.deepEqual(
    world.calls.map(({ attempt }) => attempt),
    [1, 2, 3, 4],
  );
  const events = world.events.filter((event) => event.type === 'step.failed');
  assert.deepEqual(
    events.map(({ retryAt }) => retryAt !== undefined),
    [true, true, true, false],
  );
});

test('what does not pass by itself is not tried again', async () => {
  const world = aWorld({
    plan: aPlan({ skill: 'no' }),
    skills: { no: { act: always('target_refused') } },
  });
  await advance(world);
  assert.equal(world.calls.length, 1);
});

test('a short wait is sat out, and a long one gives the slot free until its time', async () => {
  const world = aWorld({
    plan: aPlan({ skill: 'busy', retry: { attempts: 3 } }),
    skills: {
      busy: {
        act: ({ attempt }) =>
          attempt < 3
            ? failed('target_overloaded', { retryAfterMs: attempt === 1 ? 1_500 : 30_000 })
            : {},
      },
    },
    random: () => 0,
  });
  assert.equal(await advance(world), 'waiting');
  assert.equal(world.calls.length, 2, 'the short wait was sat out');
  const { state } = world;
  assert.ok(state.status === 'waiting' && state.waitingFor === 'retry');
  const [, second] = world.calls;
  const wakeAt = state.wakeAt?.getTime() ?? 0;
  assert.ok(
    second && wakeAt >= second.at + 30_000 && wakeAt < second.at + 30_100,
    'Retry-After counts',
  );
  assert.equal(await finish(world), 'succeeded');
  assert.ok((world.calls[2]?.at ?? 0) >= wakeAt);
});

test('a claim before its time begins nothing and waits on', async () => {
  const world = aWorld({
    plan: aPlan({ skill: 'busy' }),
    skills: {
      busy: {
        act: ({ attempt }) =>
          attempt === 1 ? failed('target_overloaded', { retryAfterMs: 60_000 }) : {},
      },
    },
  });
  await advance(world);
  assert.equal(await advance(world), 'waiting');
  assert.equal(world.calls.length, 1);
  assert.equal(await finish(world), 'succeeded');
});

test('while one step waits for its next attempt the others go on, and nobody spins', async () => {
  let looks = 0;
  const world = aWorld({
    plan: aPlan(
      { skill: 'flaky', forEach: { in: [0, 1, 2], concurrency: 1 }, input: { i: '${item}' } },
      { key: 'b', skill: 'slow' },
    ),
    skills: {
      flaky: {
        async act({ attempt, input }, { world: { clock } }) {
          if (input['i'] === 0 && attempt === 1)
            return failed('target_failed', { retryAfterMs: 100 });
          await clock.sleep(30_000, never);
          return {};
        },
      },
      slow: { act: (_, { world: { clock } }) => clock.sleep(120_000, never).then(() => ({})) },
    },
  });
  const { clock } = world;
  const counted = {
    ...clock,
    sleep: (ms: number, signal: AbortSignal) => (looks++, clock.sleep(ms, signal)),
  };
  assert.equal(await advance(world, aControl().control, { clock: counted }), 'finished');
  assert.equal(outcomeOf(world), 'succeeded');
  assert.ok(
    looks < 60,
    `${looks} sleeps: an item that is due but has no room must not be polled for`,
  );
});

test('a time limit that is reached is retried, or unknown where it may have happened', async () => {
  const reads = aWorld({
    plan: aPlan({ skill: 'read' }),
    skills: {
      read: {
        effect: 'read',
        act: ({ attempt }) => (attempt === 1 ? failed('step_timed_out') : {}),
      },
    },
  });
  assert.equal(await finish(reads), 'succeeded');
  assert.equal(reads.calls.length, 2);

  const sends = aWorld({
    plan: aPlan({ skill: 'send' }),
    skills: { send: { effect: 'keyed', act: ({ attempt }) => (attempt === 1 ? unknown() : {}) } },
  });
  assert.equal(await finish(sends), 'succeeded');
  const [first, second] = sends.calls;
  assert.equal(first?.idempotencyKey, second?.idempotencyKey, 'repeated with the same key');
});

test('a skill that no worker has is waited for without using attempts, less and less often', async () => {
  const world = aWorld({
    plan: aPlan({ skill: 'send', retry: { attempts: 1 } }),
    skills: { send: { effect: 'unkeyed' } },
  });
  const send = world.manifests.get('send');
  world.manifests.delete('send');
  const waits: number[] = [];
  for (let claims = 0; claims < 12; claims++) {
    assert.equal(await advance(world), 'waiting');
    const { state } = world;
    if (state.status !== 'waiting' || !state.wakeAt) throw new Error('It does not wait.');
    waits.push(Math.round((state.wakeAt.getTime() - world.clock.now().getTime()) / 1_000));
    world.clock.skipTo(state.wakeAt);
  }
  assert.deepEqual(waits.slice(0, 6), [5, 5, 10, 20, 40, 80]);
  assert.equal(waits.at(-1), 300);
  if (send) world.manifests.set('send', send);
  assert.equal(await finish(world), 'succeeded');
  assert.deepEqual(
    world.calls.map(({ attempt }) => attempt),
    [1],
  );
});

test('the deadline cuts what is under way and ends the run, also in the middle of a wait', async () => {
  const busy = aWorld({
    plan: aPlan({ skill: 'hang' }),
    skills: { hang: { act: hangs } },
    wallMs: 10_000,
  });
  assert.equal(await advance(busy), 'finished');
  const last = busy.events.at(-1);
  assert.ok(last?.type === 'run.finished' && last.failure?.code === 'run_timed_out');
  assert.ok(last.durationMs >= 10_000 && last.durationMs < 10_100);
  assert.deepEqual(busy.violations, []);

  const waits = aWorld({
    plan: aPlan({ skill: 'down', approval: { reason: 'Sure?' } }),
    skills: { down: {} },
    wallMs: 10_000,
  });
  assert.equal(await advance(waits), 'waiting');
  const { state } = waits;
  assert.ok(state.status === 'waiting' && state.wakeAt, 'the deadline wakes it');
  waits.clock.skipTo(state.wakeAt);
  assert.equal(await advance(waits), 'finished');
  assert.equal(outcomeOf(waits), 'failed');
});

test('a run that nobody started in time is not begun', async () => {
  const world = aWorld({ plan: aPlan({}), expiresAt: new Date(0) });
  assert.equal(await advance(world), 'finished');
  const last = world.events.at(-1);
  assert.ok(last?.type === 'run.finished' && last.failure?.code === 'run_expired');
  assert.deepEqual(typesOf(world), ['run.started', 'run.finished']);
});
