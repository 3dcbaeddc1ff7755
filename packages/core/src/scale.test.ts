import assert from 'node:assert/strict';
import { test } from 'node:test';

import { desiredWorkers, PACE, pace, startPacing, type Pacing, type ScaleFacts } from './scale.ts';

const limits = { min: 1, max: 8, targetAgeMs: 5_000 };
const idle: ScaleFacts = { ready: 0, running: 0, queueAgeMs: 0, workers: 2, slots: 40 };

function desired(facts: Partial<ScaleFacts>, more: Partial<typeof limits> = {}) {
  const { workers, reasons } = desiredWorkers({ ...idle, ...facts }, { ...limits, ...more });
  return [workers, ...reasons.map(({ code }) => code)];
}

test('nothing to do needs the least number', () => {
  assert.deepEqual(desired({}), [1, 'min']);
  assert.deepEqual(desired({}, { min: 0 }), [0]);
  assert.deepEqual(desired({ workers: 0, slots: 0 }, { min: 3 }), [3, 'min']);
});

test('runs under way and ready must have places, with a fifth to spare', () => {
  assert.deepEqual(desired({ running: 32 }), [2, 'places']);
  assert.deepEqual(desired({ running: 33 }), [3, 'places']);
  assert.deepEqual(desired({ running: 32, ready: 33 }), [5, 'places']);
});

test('a run that waits too long calls for more, twice as many when all places are taken', () => {
  assert.deepEqual(desired({ ready: 1, queueAgeMs: 5_000 }), [1, 'places']);
  assert.deepEqual(desired({ ready: 1, queueAgeMs: 5_001 }), [3, 'age', 'places']);
  assert.deepEqual(desired({ ready: 1, running: 40, queueAgeMs: 60_000 }), [4, 'age', 'places']);
});

test('a queue that drains too slowly calls for more before anybody has waited too long', () => {
  const busy = { ready: 30, running: 40, drainPerS: 2 };
  assert.deepEqual(desired({ ...busy, slots: 200, running: 200, workers: 2 }), [
    4,
    'drain',
    'places',
  ]);
  assert.deepEqual(desired({ ...busy, drainPerS: 6, slots: 200, running: 199 }), [3, 'places']);
});

test('with no worker alive, one is started for whatever is ready', () => {
  const facts = { ready: 3, workers: 0, slots: 0, queueAgeMs: 60_000 };
  assert.deepEqual(desired(facts, { min: 0 }), [1, 'places', 'none_alive']);
});

test('the limit holds, and says so', () => {
  assert.deepEqual(desired({ ready: 500 })[0], 8);
  assert.equal(desired({ ready: 500 })[1], 'max');
});

test('up at once, and again when the last ones had a chance to help', () => {
  let state = startPacing(1, 0);
  state = pace(state, 4, PACE.upEveryMs);
  assert.equal(state.workers, 4);
  state = pace(state, 8, PACE.upEveryMs + 2_999);
  assert.equal(state.workers, 4);
  assert.equal(pace(state, 8, PACE.upEveryMs + 3_000).workers, 8);
});

test('down only after a minute in which fewer were enough, a quarter at a time', () => {
  let state: Pacing = { ...startPacing(8, 0), desired: [] };
  const steps: [number, number][] = [];
  for (let ms = 1_000; state.workers > 1 && ms < 600_000; ms += 1_000) {
    // At the start eight are needed once more.
    const next = pace(state, ms === 1_000 ? 8 : 1, ms);
    if (next.workers !== state.workers) steps.push([ms, next.workers]);
    state = next;
  }
  assert.deepEqual(steps, [
    [61_000, 6],
    [81_000, 5],
    [101_000, 4],
    [121_000, 3],
    [141_000, 2],
    [161_000, 1],
  ]);
});

/** Workers with 20 places each, runs of two seconds, a look every second. */
function simulate(minutes: number, arrivalsPerS: (second: number) => number) {
  let state = startPacing(1, 0);
  let queue: number[] = [];
  let running: number[] = [];
  const sizes: number[] = [];
  const waits: number[] = [];
  for (let second = 1; second <= minutes * 60; second++) {
    const now = second * 1_000;
    running = running.filter((endsAt) => endsAt > now);
    queue.push(...Array.from({ length: arrivalsPerS(second) }, () => now));
    const free = Math.max(0, state.workers * 20 - running.length);
    for (const arrivedAt of queue.splice(0, free)) {
      waits.push(now - arrivedAt);
      running.push(now + 2_000);
    }
    const facts = {
      ready: queue.length,
      running: running.length,
      queueAgeMs: queue.length > 0 ? now - (queue[0] ?? now) : 0,
      workers: state.workers,
      slots: state.workers * 20,
      drainPerS: running.length / 2,
    };
    state = pace(state, desiredWorkers(facts, limits).workers, now);
    sizes.push(state.workers);
  }
  const changes = sizes.flatMap((size, at) => {
    const before = at === 0 ? 1 : (sizes[at - 1] ?? 1);
    return size === before ? [] : [Math.sign(size - before)];
  });
  const turns = changes.filter((sign, at) => at > 0 && sign !== changes[at - 1]).length;
  return { sizes, waits, changes: changes.length, turns };
}

/** A quiet start, a rush, a load that trembles around a threshold, and quiet again. */
function load(second: number): number {
  if (second < 120) return 1;
  if (second < 420) return 60;
  if (second < 900) return second % 2 === 0 ? 22 : 26;
  return 0;
}

test('twenty minutes of changing load: it follows, keeps the age, and never flaps', () => {
  const { sizes, waits, changes, turns } = simulate(20, load);
  assert.equal(Math.max(...sizes.slice(0, 119)), 1);
  assert.equal(Math.max(...sizes.slice(120, 140)), 8, 'within twenty seconds');
  assert.equal(sizes.at(-1), 1);
  const calm = new Set(sizes.slice(600, 899));
  assert.equal(calm.size, 1, `while the load trembles nothing changes: ${[...calm].join()}`);
  assert.equal(turns, 1, 'up once, down once');
  assert.ok(changes <= 12, `${changes} changes`);
  const late = waits.filter((ms) => ms > limits.targetAgeMs).length;
  assert.ok(late < waits.length / 100, `${late} of ${waits.length} waited too long`);
});

test('a load that comes in waves shorter than the patience keeps its workers', () => {
  const { turns, sizes } = simulate(20, (second) => (second % 40 < 20 ? 50 : 0));
  assert.ok(turns <= 1, 'at most back from the first rush');
  assert.equal(new Set(sizes.slice(300)).size, 1);
});
