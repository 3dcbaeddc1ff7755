import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  createFairShare,
  PLACES_PER_POINT,
  RESUMED_FROM,
  RUNS_PER_PLACE,
  type FairShare,
  type QueueHead,
} from './fair-share.ts';

interface Queued extends QueueHead {
  readonly tenant: string;
  readonly nth: number;
}

/** The queue as pg-boss serves it: the highest priority first, then the oldest. */
function createQueue(...replicas: FairShare[]) {
  const jobs: Queued[] = [];
  let nth = 0;
  const weights = new Map<string, number>();
  return {
    weights,
    push(share: FairShare, tenant: string, count = 1, priority = 0): void {
      for (let n = 0; n < count; n++) {
        jobs.push({ tenant, priority, place: share.placeOf(tenant, priority), nth: nth++ });
      }
    },
    take(count: number): Queued[] {
      jobs.sort((a, b) => b.place - a.place || a.nth - b.nth);
      return jobs.splice(0, count);
    },
    /** What each replica reads once a second. */
    read(): void {
      jobs.sort((a, b) => b.place - a.place || a.nth - b.nth);
      const tenants = new Set([...jobs.map(({ tenant }) => tenant), ...weights.keys()]);
      const depths = [...tenants].map((tenant) => ({
        tenant,
        ready: jobs.filter((job) => job.tenant === tenant).length,
        weight: weights.get(tenant) ?? 1,
      }));
      for (const share of replicas) {
        share.seeHead(jobs[0]);
        share.seeDepths(depths);
      }
    },
    get size() {
      return jobs.length;
    },
  };
}

const countOf = (taken: readonly Queued[], tenant: string) =>
  taken.filter((job) => job.tenant === tenant).length;

test('a tenant with one run does not wait for the thousands of another', () => {
  const share = createFairShare();
  const queue = createQueue(share);
  queue.push(share, 'a', 2_000);
  queue.take(700);
  queue.read();
  queue.push(share, 'b');
  const before = queue.take(1_301).findIndex(({ tenant }) => tenant === 'b');
  assert.ok(before <= RUNS_PER_PLACE, `${before} of a came first`);
});

test('weights of 3 to 1 give 3 to 1 over a long drain, with arrivals under way', () => {
  const share = createFairShare();
  const queue = createQueue(share);
  queue.weights.set('a', 3);
  queue.read();
  queue.push(share, 'a', 3_000);
  queue.push(share, 'b', 3_000);
  const taken: Queued[] = [];
  for (let second = 0; second < 40; second++) {
    queue.read();
    taken.push(...queue.take(100));
    queue.push(share, 'a', 80);
    queue.push(share, 'b', 80);
  }
  const ratio = countOf(taken, 'a') / countOf(taken, 'b');
  assert.ok(Math.abs(ratio - 3) < 0.15, `${ratio}`);
});

test('a tenant whose requests go to two replicas gets no second share', () => {
  const one = createFairShare();
  const two = createFairShare();
  const queue = createQueue(one, two);
  const taken: Queued[] = [];
  for (let second = 0; second < 60; second++) {
    queue.read();
    queue.push(one, 'a', 40);
    queue.push(two, 'a', 40);
    queue.push(two, 'b', 80);
    taken.push(...queue.take(100));
  }
  const ratio = countOf(taken, 'a') / countOf(taken, 'b');
  // Between two readings each replica knows only what it sent itself; a second share would be 2.
  assert.ok(Math.abs(ratio - 1) < 0.1, `${ratio}`);
});

test('a tenant that was idle gets no credit for it and pays no debt', () => {
  const share = createFairShare();
  const queue = createQueue(share);
  queue.push(share, 'b', 500);
  queue.read();
  queue.take(500);
  queue.push(share, 'a', 10_000);
  queue.read();
  queue.take(5_000);
  queue.read();
  queue.push(share, 'b', 1_000);
  const taken = queue.take(1_000);
  assert.ok(Math.abs(countOf(taken, 'b') - 500) <= RUNS_PER_PLACE, `${countOf(taken, 'b')}`);
});

test('one tenant alone is served in the order of its priorities, each first come, first served', () => {
  const share = createFairShare();
  const queue = createQueue(share);
  for (const priority of [0, -5, 3, 0, 100, -5, 3]) queue.push(share, 'a', 20, priority);
  queue.read();
  const taken = queue.take(140);
  const wanted = taken.toSorted((a, b) => b.priority - a.priority || a.nth - b.nth);
  assert.deepEqual(taken, wanted);
});

test('priority is a head start, used up once, and the lowest is served after a bounded number', () => {
  const share = createFairShare();
  const queue = createQueue(share);
  const headStart = 100 * PLACES_PER_POINT * RUNS_PER_PLACE;
  queue.push(share, 'b', 30_000);
  queue.push(share, 'low', 1, -100);
  let ahead = 0;
  let low = -1;
  let served = 0;
  // Bursts with pauses between them: the debt must outlive the pause.
  for (let second = 0; second < 400; second++) {
    queue.read();
    if (second % 3 < 2) queue.push(share, 'a', 300, 100);
    queue.push(share, 'b', 50);
    const taken = queue.take(200);
    ahead += countOf(taken, 'a') - countOf(taken, 'b');
    const at = taken.findIndex(({ tenant }) => tenant === 'low');
    if (at !== -1) low = served + at;
    served += taken.length;
    assert.ok(ahead <= headStart + 2 * RUNS_PER_PLACE + 200, `${ahead} after ${second} s`);
  }
  // Behind it: all of a with 200 points more, and all of b with 100.
  assert.ok(low >= 0 && low <= 3 * headStart + 200, `the lowest came after ${low}`);
});

test('a queue that always holds urgent runs stays where it is, and newcomers are served at once', () => {
  const share = createFairShare();
  const queue = createQueue(share);
  for (let second = 0; second < 200; second++) {
    queue.push(share, 'a', 20, 100);
    queue.read();
    queue.take(second < 20 ? 0 : 20);
  }
  queue.push(share, 'b');
  const before = queue.take(queue.size).findIndex(({ tenant }) => tenant === 'b');
  assert.ok(before <= 100 * PLACES_PER_POINT * RUNS_PER_PLACE, `${before}`);
  assert.ok(share.placeOf('c', 100) < RESUMED_FROM);
});

test('reading the head again and again moves nothing, whatever its priority', () => {
  for (const priority of [100, -100]) {
    const share = createFairShare();
    const far = share.placeOf('a', 0) - 50_000;
    share.seeHead({ place: far, priority: 0 });
    const before = share.placeOf('b', 0);
    for (let n = 0; n < 20; n++) {
      share.seeHead({ place: share.placeOf(`c${n}`, priority), priority });
    }
    assert.equal(share.placeOf('d', 0), before);
  }
});

test('an empty queue begins anew; a replica that did not see it empty follows the others', () => {
  const one = createFairShare();
  const two = createFairShare();
  const before = createQueue(one, two);
  before.push(one, 'a', 50_000);
  before.take(49_000);
  before.read();
  one.seeHead(undefined);
  const fresh = one.placeOf('a', 0);
  assert.ok(fresh > two.placeOf('a', 0));
  two.seeHead({ place: fresh, priority: 0 });
  two.seeDepths([{ tenant: 'a', ready: 1, weight: 1 }]);
  assert.equal(two.placeOf('a', 0), fresh);
});

test('at the end of the numbers, order is kept to first come, first served, and nothing overflows', () => {
  const share = createFairShare();
  share.seeHead({ place: -2_147_000_000, priority: 0 });
  const places = [0, 100, -100].map((priority) => share.placeOf('a', priority));
  assert.ok(places.every((place) => place >= -(2 ** 31)));
  assert.ok(places.every(Number.isInteger));
});
