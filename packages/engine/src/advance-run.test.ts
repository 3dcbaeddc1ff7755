import assert from 'node:assert/strict';
import { test } from 'node:test';

import { aPlan } from '@aos/testing';
import { FOR_EACH_ITEMS_MAX, type Plan } from '@aos/core';

import {
  advance,
  aWorld,
  callsOf,
  failed,
  finish,
  outcomeOf,
  outputOf,
  typesOf,
  type Act,
  type Setting,
  type World,
} from './world.fixture.ts';

const never = new AbortController().signal;

/** Takes as many milliseconds as its input says. */
const slow: Act = async ({ input }, { world }) => {
  await world.clock.sleep(Number(input['ms'] ?? 10), never);
  return input;
};
const refuse: Act = () => failed('target_refused');

const odd: Act = (call, context) =>
  Number(call.input['i']) % 2 ? refuse(call, context) : call.input;

async function pursued(
  plan: Plan,
  skills: Setting['skills'] = {},
  more: Partial<Setting> = {},
): Promise<World> {
  const world = aWorld({ plan, skills, ...more });
  await finish(world);
  assert.deepEqual(world.violations, []);
  return world;
}

const statusOf = (world: World, key: string) => world.steps.get(key)?.status;

/** The most calls that were under way at once. */
function widest(spans: readonly (readonly [number, number])[]): number {
  return Math.max(
    ...spans.map(([at]) => spans.filter(([from, to]) => from <= at && at < to).length),
  );
}

test('steps in a row pass their values on, each one committed before the next begins', async () => {
  const world = await pursued(
    aPlan(
      { input: { text: '${input.name}' } },
      { key: 'b', input: { text: 'Hello ${a.text}', n: '${a}' } },
      { key: 'c', input: { text: '${b.text}!' } },
    ),
    {},
    { input: { name: 'Ann' } },
  );
  assert.deepEqual(outputOf(world), { c: { text: 'Hello Ann!' } });
  assert.deepEqual(typesOf(world), [
    'run.started',
    'step.completed',
    'step.completed',
    'step.completed',
    'run.finished',
  ]);
});

test('an output that looks like a reference is handed on as it is', async () => {
  const world = await pursued(
    aPlan({ skill: 'say' }, { key: 'b', input: { x: '${a.text}', y: '<${a.text}>' } }),
    {
      say: { act: () => ({ text: '${secrets.SLACK} ${input.name}' }) },
    },
  );
  assert.deepEqual(outputOf(world), {
    b: { x: '${secrets.SLACK} ${input.name}', y: '<${secrets.SLACK} ${input.name}>' },
  });
});

test('steps that do not need each other run at the same time', async () => {
  const world = await pursued(
    aPlan(
      { key: 'a', skill: 'slow', input: { ms: 1_000 } },
      { key: 'b', skill: 'slow', input: { ms: 1_000 } },
      { key: 'c', skill: 'slow', input: { ms: 1_000 }, after: ['a', 'b'] },
    ),
    { slow: { act: slow } },
  );
  const [a, b, c] = ['a', 'b', 'c'].map((key) => callsOf(world, key)[0]?.at ?? 0);
  assert.ok(a === b && c !== undefined && a !== undefined && c - a >= 1_000 && c - a < 1_100);
});

test('a branch goes on while another one is still busy, also behind a skipped step', async () => {
  const world = await pursued(
    aPlan(
      { key: 'long', skill: 'slow', input: { ms: 60_000 } },
      { key: 'no', when: 'false' },
      { key: 'next', after: ['no'] },
      { key: 'last', after: ['next'], skill: 'slow' },
    ),
    { slow: { act: slow } },
  );
  const [long] = callsOf(world, 'long');
  const [last] = callsOf(world, 'last');
  assert.ok(long && last && last.at - long.at < 1_000);
});

test('at most 32 steps of a run are under way at once, and all get their turn', async () => {
  const spans: [number, number][] = [];
  const plan = aPlan(...Array.from({ length: 100 }, (_, at) => ({ key: `s${at}`, skill: 'slow' })));
  const world = await pursued(plan, {
    slow: {
      async act(call, context) {
        const span: [number, number] = [context.world.clock.now().getTime(), Infinity];
        spans.push(span);
        await slow(call, context);
        span[1] = context.world.clock.now().getTime();
        return {};
      },
    },
  });
  assert.equal(outcomeOf(world), 'succeeded');
  assert.equal(spans.length, 100);
  assert.equal(widest(spans), 32);
});

test('a condition decides once whether a step runs', async () => {
  const world = await pursued(
    aPlan(
      { skill: 'say' },
      { key: 'yes', when: 'a.status == 200 && input.go' },
      { key: 'no', when: 'a.status == 404' },
      { key: 'behind', input: { x: '${no}' } },
      { key: 'after', after: ['no'] },
      { key: 'asks', when: 'has(no.x)' },
    ),
    { say: { act: () => ({ status: 200 }) } },
    { input: { go: true } },
  );
  assert.equal(statusOf(world, 'yes'), 'completed');
  assert.deepEqual(world.steps.get('no')?.status === 'skipped' && world.steps.get('no'), {
    ...world.steps.get('no'),
    reason: 'condition',
  });
  assert.equal(statusOf(world, 'after'), 'completed');
  for (const key of ['behind', 'asks']) {
    const record = world.steps.get(key);
    assert.ok(record?.status === 'skipped' && record.reason === 'input_missing', key);
  }
  assert.equal(outcomeOf(world), 'succeeded');
});

test('a condition that errs fails its step', async () => {
  const world = await pursued(
    aPlan({ key: 'a' }, { key: 'b', when: 'a.gone == 1', onError: { use: 7 } }),
  );
  const record = world.steps.get('b');
  assert.ok(record?.status === 'failed' && record.failure.code === 'condition_failed');
  assert.deepEqual(outputOf(world), { b: 7 });
});

test('a value that is not there fails the step before it begins', async () => {
  const world = await pursued(
    aPlan({ key: 'a' }, { key: 'b', skill: 'send', input: { x: '${a.gone}' } }),
    {
      send: { effect: 'unkeyed' },
    },
  );
  assert.equal(outcomeOf(world), 'failed');
  assert.deepEqual(callsOf(world, 'b'), []);
  const record = world.steps.get('b');
  assert.ok(record?.status === 'failed' && record.failure.code === 'reference_unresolved');
});

test('a failure ends the run, goes on without the output, or with another one: as the plan says', async () => {
  const skills = { refuse: { act: refuse }, slow: { act: slow } };
  const fails = await pursued(
    aPlan({ skill: 'refuse' }, { key: 'b', skill: 'slow' }, { key: 'c', after: ['b'] }),
    skills,
  );
  assert.equal(outcomeOf(fails), 'failed');
  assert.equal(statusOf(fails, 'b'), 'completed', 'what was under way ends');
  assert.equal(statusOf(fails, 'c'), undefined, 'and nothing new begins');

  const goesOn = await pursued(
    aPlan(
      { skill: 'refuse', onError: 'continue' },
      { key: 'b', input: { x: '${a}' } },
      { key: 'c', after: ['a'] },
    ),
    skills,
  );
  assert.equal(outcomeOf(goesOn), 'succeeded');
  assert.deepEqual(outputOf(goesOn), { c: {} });

  const uses = await pursued(
    aPlan(
      { skill: 'refuse', onError: { use: { text: '${input.x}' } } },
      { key: 'b', input: { x: '${a.text}' } },
    ),
    skills,
  );
  assert.deepEqual(outputOf(uses), { b: { x: '${input.x}' } }, 'a fallback is data');
});

test('a list is mapped in its order, so many at a time as the plan says', async () => {
  for (const [concurrency, wide] of [
    [1, 1],
    [3, 3],
    [undefined, 4],
    [32, 20],
  ] as const) {
    const spans: [number, number][] = [];
    const world = await pursued(
      aPlan({
        skill: 'map',
        forEach: {
          in: Array.from({ length: 20 }, (_, at) => ({ at })),
          ...(concurrency && { concurrency }),
        },
        input: { item: '${item.at}', index: '${index}' },
      }),
      {
        map: {
          async act({ input }, { world: { clock } }) {
            const begun = clock.now().getTime();
            await clock.sleep(20 - Number(input['index']), never);
            spans.push([begun, clock.now().getTime()]);
            return input;
          },
        },
      },
    );
    assert.deepEqual(outputOf(world), {
      a: Array.from({ length: 20 }, (_, at) => ({ item: at, index: at })),
    });
    assert.equal(widest(spans), wide);
  }
});

test('an empty list is mapped to an empty list', async () => {
  const world = await pursued(aPlan({ forEach: { in: [] } }, { key: 'b', input: { x: '${a}' } }));
  assert.deepEqual(outputOf(world), { b: { x: [] } });
});

test('an item that fails becomes null, or fails the step: as the plan says', async () => {
  const skills = { odd: { act: odd }, slow: { act: slow } };
  const list = { in: [0, 1, 2, 3], concurrency: 1 };
  const input = { i: '${item}' };
  const goesOn = await pursued(
    aPlan({
      skill: 'odd',
      input,
      forEach: { ...list, onItemError: 'continue' },
      onError: { use: { i: 9 } },
    }),
    skills,
  );
  assert.deepEqual(outputOf(goesOn), { a: [{ i: 0 }, null, { i: 2 }, null] });
  const joined = goesOn.events.find(({ type }) => type === 'step.joined');
  assert.ok(joined?.type === 'step.joined' && joined.items === 4 && joined.failed === 2);

  const fails = await pursued(aPlan({ skill: 'odd', input, forEach: list }), skills);
  assert.equal(outcomeOf(fails), 'failed');
  assert.deepEqual(
    fails.calls.map(({ stepKey }) => stepKey),
    ['a[0]', 'a[1]'],
    'nothing begins after it',
  );
});

test('items that still wait when their step fails end with it, and keep nobody busy', async () => {
  const world = aWorld({
    plan: aPlan(
      { skill: 'some', forEach: { in: [0, 1] }, input: { i: '${item}' }, onError: 'continue' },
      { key: 'b', after: ['a'], approval: { reason: 'Wait.' } },
    ),
    skills: {
      some: {
        async act({ input }, { world: { clock } }) {
          await clock.sleep(input['i'] === 0 ? 5 : 1, never);
          return input['i'] === 0 ? refuse({} as never, {} as never) : failed('target_failed');
        },
      },
    },
  });
  assert.equal(await advance(world), 'waiting');
  const item = world.steps.get('a[1]');
  assert.ok(item?.status === 'failed' && item.failure.code === 'cancelled');
  assert.equal(await finish(world), 'succeeded');
  assert.deepEqual(world.violations, []);
});

test('what is no list, or too long a one, fails the step', async () => {
  const list = Array.from({ length: FOR_EACH_ITEMS_MAX + 1 }, () => 1);
  for (const value of ['text', { 0: 'a', length: 1 }, 7, list]) {
    const world = await pursued(
      aPlan({ forEach: { in: '${input.list}' } }),
      {},
      { input: { list: value } },
    );
    const record = world.steps.get('a');
    assert.ok(record?.status === 'failed' && record.failure.code === 'skill_input_invalid');
    assert.deepEqual(world.calls, []);
  }
});

test('1,000 items are mapped in reasonable time', async () => {
  const list = Array.from({ length: FOR_EACH_ITEMS_MAX }, (_, at) => at);
  const begun = performance.now();
  const world = await pursued(
    aPlan({ forEach: { in: list, concurrency: 32 }, input: { i: '${item}' } }),
  );
  assert.equal(world.calls.length, 1_000);
  assert.deepEqual((outputOf(world) as { a: unknown[] }).a.at(-1), { i: 999 });
  assert.ok(performance.now() - begun < 10_000);
});

test('an error that nobody named ends this run with a fact, and its siblings are cut', async () => {
  let cut = false;
  const world = aWorld({
    plan: aPlan({ skill: 'bug' }, { key: 'b', skill: 'hang' }),
    skills: {
      bug: { act: () => Promise.reject(new TypeError('secret path /root/x')) },
      hang: {
        act: (_call, { signal }) =>
          new Promise((resolve) => {
            signal.addEventListener('abort', () => {
              cut = true;
              resolve(failed('cancelled'));
            });
          }),
      },
    },
  });
  assert.equal(await advance(world), 'finished');
  assert.ok(cut);
  const last = world.events.at(-1);
  assert.ok(last?.type === 'run.finished' && last.failure?.code === 'internal');
  assert.ok(!JSON.stringify(world.events).includes('secret'));
  assert.deepEqual(world.violations, []);
});

test('a plan that can never move is a fault that is told, not a run that sleeps for ever', async () => {
  const world = aWorld({ plan: aPlan({ after: ['gone'] }) });
  assert.equal(await advance(world), 'finished');
  assert.equal(outcomeOf(world), 'failed');
});

test('a step that reads is announced only when it takes a while', async () => {
  const world = await pursued(
    aPlan({ skill: 'slow', input: { ms: 50 } }, { key: 'b', skill: 'slow', input: { ms: 500 } }),
    {
      slow: { effect: 'read', act: slow },
    },
  );
  const started = world.events.filter(({ type }) => type === 'step.started');
  assert.deepEqual(
    started.map((event) => event.type === 'step.started' && event.step),
    ['b'],
  );
});

test('a call knows its run, its step, its attempt and its time limit', async () => {
  const limits: number[] = [];
  const skills = {
    send: {
      effect: 'keyed',
      act: (_: unknown, { timeoutMs }: { timeoutMs: number }) => limits.push(timeoutMs),
    },
  } as const;
  const world = await pursued(
    aPlan({ skill: 'send', timeoutMs: 700, input: { x: 1 } }, { key: 'b', skill: 'send' }),
    skills,
  );
  const [a, b] = world.calls;
  assert.deepEqual(
    { ...a, idempotencyKey: '', at: 0 },
    {
      tenant: 'default',
      runId: 'run_1',
      stepKey: 'a',
      attempt: 1,
      agent: 'tester',
      skill: 'send',
      input: { x: 1 },
      idempotencyKey: '',
      epoch: 1,
      at: 0,
    },
  );
  assert.match(a?.idempotencyKey ?? '', /^[0-9a-z]{26}$/);
  assert.notEqual(a?.idempotencyKey, b?.idempotencyKey);
  assert.deepEqual(limits, [700, 1_000]);
});
