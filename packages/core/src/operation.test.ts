import assert from 'node:assert/strict';
import { test } from 'node:test';

import { nextMove, type OperationFacts, type StageFacts } from './operation.ts';

const now = new Date('2026-01-01T00:00:00Z');
const none: StageFacts = { started: 0, refused: 0, ended: 0, succeeded: 0, failedSame: 0 };
const facts = (more: Partial<OperationFacts>, inStage: Partial<StageFacts> = {}) => ({
  canary: [1, 5],
  stage: 0,
  ratePerSecond: 10,
  nextAt: now,
  pending: 100,
  ...more,
  inStage: { ...none, ...inStage },
});
const move = (more: Partial<OperationFacts>, inStage: Partial<StageFacts> = {}) =>
  nextMove(facts(more, inStage), now);

test('a canary starts its runs, waits for them, and makes way when all succeeded', () => {
  assert.deepEqual(move({}), { do: 'start', count: 1, nextAt: now });
  assert.deepEqual(move({ stage: 1 }, { started: 2 }), { do: 'start', count: 3, nextAt: now });
  assert.deepEqual(move({}, { started: 1, lastStartedAt: now }), { do: 'wait' });
  assert.deepEqual(move({}, { started: 1, ended: 1, succeeded: 1 }), { do: 'next stage' });
  assert.deepEqual(move({ pending: 0 }, { started: 1, ended: 1, succeeded: 1 }), { do: 'finish' });
});

test('a canary that does not pass stops the rest, and says how', () => {
  const same = move({}, { started: 1, ended: 1, failedSame: 1 });
  assert.deepEqual(same, { do: 'stop', why: 'Canary stage 1: of 1 runs 1 failed as before.' });
  const other = move({ stage: 1 }, { started: 5, ended: 3, succeeded: 2 });
  assert.deepEqual(other, { do: 'stop', why: 'Canary stage 2: of 5 runs 1 did not succeed.' });
  assert.equal(move({}, { refused: 1 }).do, 'stop');
  const lastStartedAt = new Date(now.getTime() - 25 * 3_600_000);
  assert.equal(move({}, { started: 1, lastStartedAt }).do, 'stop');
});

test('the rest keeps the rate, whenever somebody looks', () => {
  let nextAt = now;
  let started = 0;
  for (let ms = 0; ms < 10_000; ms += 137) {
    const at = new Date(now.getTime() + ms);
    const next = nextMove(facts({ stage: 2, nextAt, pending: 1_000 - started }), at);
    if (next.do !== 'start') continue;
    started += next.count;
    ({ nextAt } = next);
  }
  assert.ok(started >= 98 && started <= 101, `${started} in 10 s at 10 a second`);
});

test('time that nobody used is not made up for, and a commit stays small', () => {
  const long = new Date(now.getTime() - 3_600_000);
  const next = move({ stage: 2, nextAt: long });
  assert.deepEqual(next, { do: 'start', count: 11, nextAt: new Date(now.getTime() + 100) });
  const fast = move({ stage: 2, nextAt: long, ratePerSecond: 100 });
  assert.ok(fast.do === 'start' && fast.count === 25);
  const one = nextMove(facts({ stage: 2, nextAt: long }), now, 1);
  assert.ok(one.do === 'start' && one.count === 1 && one.nextAt < now);
  const slow = move({ stage: 2, nextAt: new Date(now.getTime() + 1), ratePerSecond: 0.1 });
  assert.deepEqual(slow, { do: 'wait' });
});

test('the rest ends when nothing is left, and stops when the failure comes back', () => {
  assert.deepEqual(move({ stage: 2, pending: 0 }), { do: 'finish' });
  const repeat = { started: 9, ended: 5, succeeded: 2, failedSame: 3 };
  assert.equal(move({ stage: 2 }, repeat).do, 'stop');
  assert.equal(move({ stage: 2 }, { ...repeat, ended: 4 }).do, 'start');
  assert.equal(move({ stage: 2 }, { ...repeat, ended: 6 }).do, 'start');
});
