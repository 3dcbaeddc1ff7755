import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, test } from 'node:test';

import type { Json } from '@aos/core';

import { createPool, type Pool, type PoolTask } from './pool.ts';
import { createSlots } from './slots.ts';

const file = new URL('./pool-probe.task.ts', import.meta.url);
const forever = new AbortController().signal;
const ask = (pool: Pool, input: Json, task: Partial<PoolTask> = {}, signal = forever) =>
  pool.run({ file, input, timeMs: 5000, subject: 'The probe', ...task }, signal);

const pool = createPool();
after(() => pool[Symbol.asyncDispose]());

/** A child that has ended may stay as a zombie of ours for a moment; it runs no more. */
function runs(pid: number): boolean {
  return existsSync(`/proc/${pid}/exe`);
}

test('a task runs in another process, and its answer comes back as data', async () => {
  const answer = (await ask(pool, { do: 'echo', value: { __proto__: null, a: [1, 'ü'] } })) as {
    pid: number;
    value: unknown;
  };
  assert.notEqual(answer.pid, process.pid);
  assert.deepEqual(answer.value, { a: [1, 'ü'] });
});

test('an own key named __proto__ stays data on both ways', async () => {
  const value = JSON.parse('{"__proto__":{"admin":true}}') as Json;
  const answer = (await ask(pool, { do: 'echo', value })) as { value: Json };
  assert.equal(JSON.stringify(answer.value), '{"__proto__":{"admin":true}}');
  assert.equal(({} as { admin?: boolean }).admin, undefined);
});

const pidOf = async (fresh: boolean): Promise<number> =>
  ((await ask(pool, { do: 'echo', value: 1 }, { fresh })) as { pid: number }).pid;

test('a child is kept for the next task, and one for foreign code is not', async () => {
  assert.equal(await pidOf(false), await pidOf(false));
  const [first, second] = [await pidOf(true), await pidOf(true)];
  assert.notEqual(first, second);
  assert.equal(runs(first), false);
});

test('a child has no secrets, writes no files, starts no processes and has no __proto__', async () => {
  process.env['PROBE_SECRET'] = 's3cret';
  const told = (await ask(pool, { do: 'reach' })) as Record<string, string>;
  delete process.env['PROBE_SECRET'];
  assert.deepEqual(told, {
    secret: 'undefined',
    write: 'ERR_ACCESS_DENIED',
    spawn: 'ERR_ACCESS_DENIED',
    thread: 'ERR_ACCESS_DENIED',
    proto: 'ERR_PROTO_ACCESS',
  });
});

test('a task that never ends is stopped by its time, and the pool goes on', async () => {
  for (const fresh of [false, true]) {
    await assert.rejects(ask(pool, { do: 'spin' }, { timeMs: 200, fresh }), {
      code: 'transform_stopped',
      message: 'The probe took longer than 200 ms and was stopped.',
    });
  }
  assert.ok(await ask(pool, { do: 'echo', value: 1 }));
});

test('a task that takes all memory is stopped, and the pool goes on', async () => {
  await assert.rejects(ask(pool, { do: 'hoard' }, { timeMs: 30_000, fresh: true }), {
    code: 'transform_stopped',
    message: /128 MB/,
  });
  assert.ok(await ask(pool, { do: 'echo', value: 1 }));
});

test('a failure of the task comes back with its code', async () => {
  await assert.rejects(ask(pool, { do: 'fail' }), {
    name: 'AosError',
    code: 'transform_failed',
    message: 'As asked.',
  });
});

test('an error inside the task is no AosError', async () => {
  await assert.rejects(ask(pool, { do: 'throw' }), (error: Error) => error.name !== 'AosError');
});

test('aborting ends the child', async () => {
  const stop = new AbortController();
  const own = createPool(1);
  const { pid } = (await ask(own, { do: 'echo', value: 1 })) as { pid: number };
  const spinning = ask(own, { do: 'spin' }, {}, stop.signal);
  stop.abort();
  await assert.rejects(spinning, { code: 'cancelled' });
  await own[Symbol.asyncDispose]();
  assert.equal(runs(pid), false);
});

test('more tasks than children wait their turn; a stopped one lets the next go on', async () => {
  await using own = createPool(1);
  const spinning = assert.rejects(ask(own, { do: 'spin' }, { timeMs: 200 }));
  const next = await Promise.all(
    Array.from({ length: 5 }, (_, value) => ask(own, { do: 'echo', value })),
  );
  await spinning;
  assert.deepEqual(
    next.map((answer) => (answer as { value: number }).value),
    [0, 1, 2, 3, 4],
  );
});

test('disposing ends every child, the busy and the idle', async () => {
  const own = createPool(2);
  const idle = (await ask(own, { do: 'echo', value: 1 })) as { pid: number };
  const pids = await Promise.all(
    [1, 2].map(async () => ((await ask(own, { do: 'echo', value: 1 })) as { pid: number }).pid),
  );
  const busy = assert.rejects(ask(own, { do: 'spin' }), { code: 'cancelled' });
  await own[Symbol.asyncDispose]();
  await busy;
  for (const pid of [idle.pid, ...pids]) assert.equal(runs(pid), false, `${pid}`);
});

test('a waiting task can be cancelled and leaves the line', async () => {
  const slots = createSlots(1);
  const held = await slots.take(forever);
  const stop = new AbortController();
  const waiting = slots.take(stop.signal);
  const behind = slots.take(forever);
  stop.abort();
  await assert.rejects(waiting);
  held[Symbol.dispose]();
  held[Symbol.dispose]();
  (await behind)[Symbol.dispose]();
  (await slots.take(forever))[Symbol.dispose]();
});
