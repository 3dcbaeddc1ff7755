import assert from 'node:assert/strict';
import { test } from 'node:test';

import { virtualClock } from '../virtual-clock.fixture.ts';
import { work } from './work.ts';
import type { Held, Link, News, WorkerPorts } from './worker-ports.ts';

const lease = { leaseMs: 5_000, renewEveryMs: 1_500, marginMs: 1_200 };
const never = new AbortController().signal;

/** A worker with one run to take, on a store that does what the test says. */
function scene(more: Partial<Link<Held>>, advance: WorkerPorts<Held>['advance'], jumpMs = () => 0) {
  const clock = virtualClock();
  const begun = clock.now().getTime();
  const stop = new AbortController();
  const news: News[] = [];
  const waiting: Held[] = [{ uuid: 'run-0', epoch: 1 }];
  const link: Link<Held> = {
    id: 'w',
    at: clock.now(),
    renew: () => Promise.resolve({ held: true, cancelling: [] }),
    take: () => Promise.resolve(waiting.splice(0, 1)),
    holds: () => Promise.resolve([]),
    letGo: () => Promise.resolve(),
    suspects: () => Promise.resolve([]),
    rescue: () => Promise.resolve([]),
    dispatchForgotten: () => Promise.resolve(0),
    prune: () => Promise.resolve(),
    stopping: () => Promise.resolve(),
    stopped: () => Promise.resolve(),
    cut: () => {},
    ...more,
  };
  const over = work<Held>(
    {
      time: {
        monotonicMs: () => clock.now().getTime() - begun + jumpMs(),
        sleep: (ms, signal) => clock.sleep(ms, signal),
        after: (ms, then) => clock.after(ms, then),
      },
      slots: 4,
      lease,
      open: () => Promise.resolve(link),
      advance,
      tell: (one) => news.push(one),
    },
    { stop: stop.signal, hurry: never },
  );
  return { over, stop, news };
}

test('who wakes up from a freeze knows first that the lease is lost', async () => {
  let frozenMs = 0;
  const seen = Promise.withResolvers<boolean>();
  const { over, stop } = scene(
    {},
    async ({ clock }, _claim, { lost }) => {
      const nap = clock.sleep(1, never);
      frozenMs = 10_000;
      await nap;
      seen.resolve(lost.aborted);
      return 'lost';
    },
    () => frozenMs,
  );
  assert.equal(await seen.promise, true);
  stop.abort();
  await over;
});

test('a run that can neither go on nor end is let go, however often that fails', async () => {
  let tries = 0;
  const { over, stop, news } = scene(
    {
      letGo(held) {
        assert.deepEqual(held, { uuid: 'run-0', epoch: 1 });
        if (++tries < 4) return Promise.reject(new Error('busy'));
        stop.abort();
        return Promise.resolve();
      },
    },
    () => Promise.reject(new Error('broken')),
  );
  await over;
  assert.equal(tries, 4);
  assert.equal(news.filter(({ what }) => what === 'error').length, 4);
});

test('a run that the store says is ours, and that nobody works on, is let go at the second look', async () => {
  const flying = Promise.withResolvers<'finished'>();
  const freed: Held[] = [];
  let looks = 0;
  const { over, stop, news } = scene(
    {
      holds: () =>
        Promise.resolve([
          { uuid: 'run-0', epoch: 1 },
          { uuid: 'run-1', epoch: 7 },
          // Its answer is on its way.
          ...(++looks === 1 ? [{ uuid: 'run-2', epoch: 1 }] : []),
        ]),
      letGo(held) {
        freed.push(held);
        flying.resolve('finished');
        stop.abort();
        return Promise.resolve();
      },
    },
    () => flying.promise,
  );
  await over;
  assert.deepEqual(freed, [{ uuid: 'run-1', epoch: 7 }]);
  assert.ok(looks >= 2);
  assert.deepEqual(
    news.find(({ what }) => what === 'strays'),
    { what: 'strays', runs: 1 },
  );
});
