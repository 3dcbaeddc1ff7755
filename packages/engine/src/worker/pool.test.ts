import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Control, Ending } from '../ports.ts';
import { createPool, type PoolOptions } from './pool.ts';
import { realTime } from './real-time.fixture.ts';
import type { Held } from './worker-ports.ts';

function claims(count: number): Held[] {
  return Array.from({ length: count }, (_, n) => ({ uuid: `run-${n}`, epoch: 1 }));
}

interface Scene extends PoolOptions<Held> {
  readonly stopNow: () => void;
  readonly loseNow: () => void;
}

function scene(
  waiting: Held[],
  slots: number,
  advance: (claim: Held, control: Control) => Promise<Ending>,
): Scene {
  const stop = new AbortController();
  const lost = new AbortController();
  return {
    time: realTime,
    slots,
    take: (max) => Promise.resolve(waiting.splice(0, max)),
    advance,
    stop: stop.signal,
    hurry: new AbortController().signal,
    lost: lost.signal,
    onError: () => {},
    stopNow: () => stop.abort(),
    loseNow: () => lost.abort(),
  };
}

test('never more runs are under way than there are slots, and all are done', async () => {
  const total = 1_000;
  let running = 0;
  let most = 0;
  let done = 0;
  const options = scene(claims(total), 20, async () => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setImmediate(resolve));
    running--;
    if (++done === total) options.stopNow();
    return 'finished';
  });
  await createPool(options).run();
  assert.equal(done, total);
  assert.equal(most, 20);
});

test('a run that throws gives its slot back', async () => {
  let done = 0;
  const errors: unknown[] = [];
  const options = {
    ...scene(claims(50), 2, () => {
      if (++done === 50) options.stopNow();
      return Promise.reject(new Error('broken'));
    }),
    onError: (error: unknown) => void errors.push(error),
  };
  await createPool(options).run();
  assert.equal(errors.length, 50);
});

test('a cancel reaches its run alone, with who asked', async () => {
  const reasons: unknown[] = [];
  const options = scene(claims(2), 2, async ({ uuid }, { cancel }) => {
    if (uuid === 'run-0') {
      await new Promise((resolve) => cancel.addEventListener('abort', resolve));
      reasons.push(cancel.reason);
      options.stopNow();
    } else {
      pool.cancel('run-0', 'alice');
    }
    return 'finished';
  });
  const pool = createPool(options);
  await pool.run();
  assert.deepEqual(reasons, ['alice']);
});

test('when told to stop it takes no more, and waits for what is under way', async () => {
  const waiting = claims(10);
  let ended = 0;
  const options = scene(waiting, 4, async (_claim, { stop }) => {
    options.stopNow();
    assert.ok(stop.aborted);
    await new Promise((resolve) => setTimeout(resolve, 20));
    ended++;
    return 'released';
  });
  await createPool(options).run();
  assert.equal(ended, 4);
  assert.equal(waiting.length, 6);
});

test('a database that errs does not end the loop', async () => {
  let calls = 0;
  const options: PoolOptions<Held> & Scene = {
    ...scene([], 4, () => Promise.resolve('finished')),
    take: () => {
      if (++calls === 1) return Promise.reject(new Error('away'));
      options.stopNow();
      return Promise.resolve([]);
    },
  };
  await createPool(options).run();
  assert.equal(calls, 2);
});

test('a run taken again while its last answer is on its way is cancelled in its new flight', async () => {
  const first = Promise.withResolvers<Ending>();
  const cancelled: unknown[] = [];
  const options = scene(
    [
      { uuid: 'run-0', epoch: 1 },
      { uuid: 'run-0', epoch: 2 },
    ],
    2,
    async ({ epoch }, { cancel }) => {
      if (epoch === 1) return first.promise;
      first.resolve('released');
      await first.promise;
      // By then the first flight is over and forgotten.
      await new Promise((resolve) => setImmediate(resolve));
      pool.cancel('run-0', 'alice');
      cancelled.push(cancel.reason);
      options.stopNow();
      return 'finished';
    },
  );
  const pool = createPool(options);
  await pool.run();
  assert.deepEqual(cancelled, ['alice']);
});

test('a cancel that is heard before the answer to the claim is not lost', async () => {
  const taken = Promise.withResolvers<Held[]>();
  const cancelled: unknown[] = [];
  const options = {
    ...scene([], 2, async (_claim, { cancel }) => {
      cancelled.push(cancel.reason);
      options.stopNow();
      return 'finished';
    }),
    take: () => taken.promise,
  };
  const pool = createPool(options);
  const over = pool.run();
  pool.cancel('run-0', 'alice');
  taken.resolve(claims(1));
  await over;
  assert.deepEqual(cancelled, ['alice']);
});

test('a pool that may not take more finishes what it has, and goes on with one run at a time', async () => {
  const total = 40;
  let reason: string | undefined;
  let running = 0;
  let most = 0;
  let done = 0;
  const options: PoolOptions<Held> = {
    ...scene(claims(total), 10, async () => {
      running++;
      if (done >= 10) most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      if (++done === 10) reason = 'it has too much in memory';
      if (done === total) stop.abort();
      return 'finished';
    }),
    mayTake: () => reason,
  };
  const stop = new AbortController();
  await createPool({ ...options, stop: stop.signal }).run();
  assert.equal(done, total, 'it never stands still');
  assert.equal(most, 1);
});
