import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { AosError, isFailureCode, storable, type EffectClass, type SkillResult } from '@aos/core';

import { execute, GRACE_MS, UncertainError, type Skill, type SkillContext } from './base.ts';
import { attempt } from './testing.ts';

function skill(
  run: (input: never, context: SkillContext) => unknown,
  effect: EffectClass = 'pure',
  output: object = {},
): Skill {
  return {
    manifest: {
      name: 'probe',
      version: '1.0.0',
      description: 'Probe.',
      input: { type: 'object', additionalProperties: false, properties: { n: { type: 'number' } } },
      output: output as Skill['manifest']['output'],
      effect,
      permissions: [],
      limits: { timeoutMs: 1000, timeoutMaxMs: 2000, outputBytes: 1000 },
      cost: { kind: 'free' },
      failures: [],
      examples: [],
    },
    run: run as Skill['run'],
  };
}

async function told(result: SkillResult | Promise<SkillResult>): Promise<string> {
  const settled = await result;
  return settled.outcome === 'completed'
    ? `completed ${JSON.stringify(settled.output)}`
    : `${settled.outcome} ${settled.failure.code}`;
}

test('input that breaks the schema is refused, and every problem named', async () => {
  const result = await attempt(
    skill(() => assert.fail('it ran')),
    { n: 'x', m: 1 },
  );
  assert.equal(result.outcome, 'failed');
  assert.ok(result.outcome === 'failed');
  assert.equal(result.failure.code, 'skill_input_invalid');
  assert.deepEqual(
    new Set(result.failure.problems?.map(({ pointer }) => pointer)),
    new Set(['#', '#/n']),
  );
});

test('output, notes and usage come back storable', async () => {
  const usage = {
    model: 'm',
    inputTokens: 1,
    outputTokens: 2,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    costUsd: 0.1,
  };
  const result = await attempt(
    skill(() => ({
      output: { at: new Date(0), big: 10n, bad: '\0\ud800', none: undefined, nan: Number.NaN },
      notes: ['fine\0', 7],
      usage,
    })),
    {},
  );
  assert.deepEqual(JSON.parse(JSON.stringify(result)), {
    outcome: 'completed',
    output: { at: '1970-01-01T00:00:00.000Z', big: '10', bad: '\ufffd\ufffd', nan: null },
    notes: ['fine\ufffd'],
    usage,
  });
});

test('output that breaks the schema is a failure', async () => {
  const number = { type: 'object', required: ['n'], properties: { n: { type: 'number' } } };
  assert.equal(
    await told(
      attempt(
        skill(() => ({ output: { n: 'x' } }), 'pure', number),
        {},
      ),
    ),
    'failed skill_output_invalid',
  );
});

test('output beyond the limit is a failure: long, deep, wide, shared or cyclic', async () => {
  const cycle: unknown[] = [];
  cycle.push(cycle);
  let shared: unknown = 'x';
  for (let level = 0; level < 50; level++) shared = [shared, shared];
  let deep: unknown = 1;
  for (let level = 0; level < 100_000; level++) deep = [deep];
  for (const output of [
    'x'.repeat(1001),
    cycle,
    shared,
    deep,
    Array.from({ length: 1e6 }),
    '€'.repeat(400),
  ]) {
    assert.equal(
      await told(
        attempt(
          skill(() => ({ output })),
          {},
        ),
      ),
      'failed output_too_large',
    );
  }
  assert.equal(
    await told(
      attempt(
        skill(() => ({ output: 'x'.repeat(998) })),
        {},
      ),
    ),
    `completed "${'x'.repeat(998)}"`,
  );
});

test('a named failure keeps its code, detail, problems, wait and usage', async () => {
  const usage = {
    model: 'm',
    inputTokens: 1,
    outputTokens: 1,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    costUsd: 0,
  };
  const result = await attempt(
    skill(() => {
      throw new AosError('target_overloaded', 'Later\0.', { retryAfterMs: 5000, usage });
    }),
    {},
  );
  assert.deepEqual(result, {
    outcome: 'failed',
    failure: { code: 'target_overloaded', detail: 'Later\ufffd.', retryAfterMs: 5000 },
    usage,
  });
});

test('an error without a name is a crash, and its text is not told', async () => {
  const result = await attempt(
    skill(() => {
      throw new Error('password=hunter2');
    }),
    {},
  );
  assert.equal(await told(result), 'failed skill_crashed');
  assert.ok(!JSON.stringify(result).includes('hunter2'));
});

test('a skill that runs too long is stopped by its signal', async () => {
  let stopped = false;
  const slow = skill(async (_input, { signal }) => {
    await delay(10_000, undefined, { signal }).catch(() => {
      stopped = true;
    });
    throw new Error('stopped');
  });
  assert.equal(await told(attempt(slow, {}, { timeoutMs: 20 })), 'failed step_timed_out');
  assert.equal(stopped, true);
});

test('a skill that ignores its signal is given up after the grace', async () => {
  const start = performance.now();
  const deaf = skill(() => new Promise(() => {}));
  assert.equal(await told(attempt(deaf, {}, { timeoutMs: 20 })), 'failed step_timed_out');
  assert.ok(performance.now() - start < GRACE_MS + 1000);
});

test('no plan gets more time than the manifest allows', async () => {
  let granted = 0;
  const asks = skill((_input, { timeoutMs }) => {
    granted = timeoutMs;
    return { output: null };
  });
  await attempt(asks, {}, { timeoutMs: 999_999 });
  assert.equal(granted, 2000);
});

test('cancelling ends it, before and while it runs', async () => {
  const stop = new AbortController();
  const started = Promise.withResolvers<void>();
  const running = attempt(
    skill(async (_input, { signal }) => {
      started.resolve();
      await delay(10_000, undefined, { signal });
    }),
    {},
    { signal: stop.signal },
  );
  await started.promise;
  stop.abort();
  assert.equal(await told(running), 'failed cancelled');
  assert.equal(
    await told(
      attempt(
        skill(() => assert.fail('it ran')),
        {},
        { signal: stop.signal },
      ),
    ),
    'failed cancelled',
  );
});

test('a result that comes within the grace counts', async () => {
  const late = skill(
    (_input, { signal }) =>
      new Promise((done) => signal.addEventListener('abort', () => done({ output: 'made it' }))),
  );
  assert.equal(await told(attempt(late, {}, { timeoutMs: 10 })), 'completed "made it"');
});

test('where repeating is not safe, an effect that may have happened is unknown', async () => {
  const endings: [string, (input: never, context: SkillContext) => unknown, string, string][] = [
    [
      'cut after sending',
      () => Promise.reject(new UncertainError('target_timed_out', 'No answer.')),
      'unknown target_timed_out',
      'failed target_timed_out',
    ],
    [
      'refused before sending',
      () => Promise.reject(new AosError('address_refused', 'No.')),
      'failed address_refused',
      'failed address_refused',
    ],
    [
      'crash',
      () => Promise.reject(new Error('x')),
      'unknown skill_crashed',
      'failed skill_crashed',
    ],
    ['hang', () => new Promise(() => {}), 'unknown step_timed_out', 'failed step_timed_out'],
    [
      'timeout that the skill vouches for',
      (_input, { signal }) =>
        new Promise((_done, fail) =>
          signal.addEventListener('abort', () => fail(new AosError('cancelled', 'Not sent.'))),
        ),
      'failed step_timed_out',
      'failed step_timed_out',
    ],
  ];
  for (const [name, run, unsafe, safe] of endings) {
    for (const effect of ['unkeyed', 'reconcilable'] as const) {
      assert.equal(await told(attempt(skill(run, effect), {}, { timeoutMs: 10 })), unsafe, name);
    }
    for (const effect of ['pure', 'read', 'keyed'] as const) {
      assert.equal(await told(attempt(skill(run, effect), {}, { timeoutMs: 10 })), safe, name);
    }
  }
});

/** Things that skills throw and return at their worst. */
const trap = new Proxy(
  {},
  {
    get: () => {
      throw new Error('trap');
    },
    ownKeys: () => {
      throw new Error('trap');
    },
    getPrototypeOf: () => {
      throw new Error('trap');
    },
  },
);
const hostile: readonly (() => unknown)[] = [
  () => undefined,
  () => null,
  () => 'text',
  () => 10n,
  () => Symbol('s'),
  () => () => 'function',
  () => trap,
  () => Object.create(null) as unknown,
  () => ({
    get output(): unknown {
      throw new Error('getter');
    },
  }),
  () => ({
    get code(): unknown {
      throw new Error('getter');
    },
    get message(): unknown {
      throw new Error('getter');
    },
  }),
  () => ({ toJSON: () => Promise.reject(new Error('x')) }),
  () => ({
    // oxlint-disable-next-line unicorn/no-thenable -- that is the point
    then: () => {
      throw new Error('thenable');
    },
  }),
  () => new Date(Number.NaN),
  () => new Map([[{}, {}]]),
  () => new Proxy([], { get: () => trap }),
  () => Object.assign(new AosError('internal', 'x'), { message: 7 }),
  () => Object.assign(new AosError('internal', 'x'), { code: 'no_such_code' }),
  () => new AosError('target_failed', 'y'.repeat(1e6), { retryAfterMs: Number.NaN }),
  () => new UncertainError('target_failed', '\0'),
  () => Array.from({ length: 100_000 }, () => ({ a: 'b' })),
  () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    return cycle;
  },
  () => ({ notes: trap, usage: trap, output: 1 }),
  () => ({ notes: ['x'.repeat(1e5)], usage: { model: 7, costUsd: 'x' }, output: 1 }),
  () => JSON.parse('{"__proto__": {"admin": true}, "constructor": {"prototype": 1}}') as unknown,
];
const ways: readonly ((value: () => unknown) => (input: never) => unknown)[] = [
  (value) => () => value(),
  (value) => () => ({ output: value() }),
  (value) => () => ({ output: [{ nested: value() }] }),
  (value) => async () => value(),
  (value) => () => {
    throw value();
  },
  (value) => () => Promise.reject(value()),
  (value) => async () => {
    throw value();
  },
  () => () => new Promise(() => {}),
];
const effects: readonly EffectClass[] = ['pure', 'read', 'keyed', 'reconcilable', 'unkeyed'];

test('1,000 misbehaving skills: always a structured result that can be stored', async () => {
  const unhandled: unknown[] = [];
  const record = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', record);
  // A generator with a fixed seed: a failure can be repeated.
  let state = 42;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
  const runs = Array.from({ length: 1000 }, async (_, index) => {
    const value = hostile[random(hostile.length)] ?? hostile[0];
    const way = ways[random(ways.length)] ?? ways[0];
    const effect = effects[random(effects.length)] ?? 'pure';
    assert.ok(value && way);
    const result = await attempt(skill(way(value), effect), {}, { timeoutMs: 50 });
    const text = JSON.stringify(result);
    assert.ok(text.length < 100_000, `${index}: ${text.length}`);
    assert.deepEqual(JSON.parse(JSON.stringify(storable(result))), JSON.parse(text), `${index}`);
    assert.ok(['completed', 'failed', 'unknown'].includes(result.outcome));
    if (result.outcome !== 'completed') {
      assert.ok(isFailureCode(result.failure.code), text);
      assert.equal(typeof result.failure.detail, 'string');
    }
    if (result.outcome === 'unknown') assert.ok(effect === 'unkeyed' || effect === 'reconcilable');
  });
  await Promise.all(runs);
  await new Promise((done) => setImmediate(done));
  process.off('unhandledRejection', record);
  assert.deepEqual(unhandled, []);
});

test('input nobody can look at is refused as well', async () => {
  const probe = skill(() => ({ output: 1 }));
  const call = { tenant: 't', runId: 'r', stepKey: 's', epoch: 1, attempt: 1, agent: 'a' };
  const result = await execute(
    probe,
    { ...call, skill: 'probe', input: trap, idempotencyKey: 'k' },
    { signal: new AbortController().signal, timeoutMs: 10 },
  );
  assert.equal(await told(result), 'failed skill_crashed');
});
