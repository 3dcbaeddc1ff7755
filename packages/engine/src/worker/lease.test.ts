import assert from 'node:assert/strict';
import { test } from 'node:test';

import { virtualClock } from '../virtual-clock.fixture.ts';
import { keepLease } from './lease.ts';
import type { Renewal } from './worker-ports.ts';

const times = { leaseMs: 5_000, renewEveryMs: 1_500, marginMs: 1_200 };

function aLease(renewal: (nth: number) => Promise<Renewal>) {
  const clock = virtualClock();
  const begun = clock.now().getTime();
  const age = () => clock.now().getTime() - begun;
  let sent = 0;
  const lease = keepLease({
    time: {
      monotonicMs: age,
      sleep: (ms, signal) => clock.sleep(ms, signal),
      after: (ms, then) => clock.after(ms, then),
    },
    times,
    askedAt: 0,
    renewal: () => renewal(++sent),
    onRenewal: () => {},
  });
  const lost = new Promise<number>((resolve) => {
    lease.lost.addEventListener('abort', () => resolve(age()));
  });
  return { lease, lost };
}

test('without a renewal it is lost by the local clock, before others may take the runs', async () => {
  const { lost } = aLease(() => Promise.reject(new Error('away')));
  assert.equal(await lost, times.leaseMs - times.marginMs);
});

test('it counts from when the last renewal that held was sent', async () => {
  const { lost } = aLease((nth) =>
    nth <= 2 ? Promise.resolve({ held: true, cancelling: [] }) : Promise.reject(new Error('away')),
  );
  assert.equal(await lost, 2 * times.renewEveryMs + times.leaseMs - times.marginMs);
});

test('a renewal that is refused loses it at once, one that does not return in time, too', async () => {
  const refused = aLease(() => Promise.resolve({ held: false, cancelling: [] }));
  assert.equal(await refused.lost, times.renewEveryMs);
  const silent = aLease(() => new Promise(() => {}));
  assert.equal(await silent.lost, times.leaseMs - times.marginMs);
});
