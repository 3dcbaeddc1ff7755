import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Plan, StepRecord } from '@aos/core';

import { completed } from './hand-worker.fixture.ts';
import { keptSteps } from './kept-steps.ts';

/** a -> b -> c, a -> d (by order only), e alone, f over a list. */
const plan: Plan = {
  version: 1,
  steps: [
    { key: 'a', skill: 'echo', input: {} },
    { key: 'b', skill: 'echo', input: { text: '${a.text}' } },
    { key: 'c', skill: 'echo', input: { text: 'x ${b.text}' } },
    { key: 'd', skill: 'echo', input: {}, after: ['a'] },
    { key: 'e', skill: 'echo', input: {} },
    { key: 'f', skill: 'echo', input: { text: '${item}' }, forEach: { in: '${a.list}' } },
  ],
};

const done = (...keys: string[]): StepRecord[] => keys.map((key) => completed(key, 'echo', null));
const failed = (key: string): StepRecord => ({
  key,
  skill: 'echo',
  skillVersion: '1.0.0',
  effect: 'pure',
  attempt: 3,
  status: 'failed',
  failure: { code: 'target_failed', detail: 'It failed.' },
});
const kept = (records: readonly StepRecord[], ...again: readonly string[]) =>
  keptSteps(plan, records, new Set(again)).map(({ key }) => key);

test('keeps what does not depend on a failed step', () => {
  assert.deepEqual(kept([...done('a', 'd', 'e'), failed('b')]), ['a', 'd', 'e']);
});

test('drops what went on behind a failed step, over any distance', () => {
  assert.deepEqual(kept([...done('b', 'c', 'd', 'e'), failed('a')]), ['e']);
});

test('runs the named step again, and all behind it', () => {
  assert.deepEqual(kept(done('a', 'b', 'c', 'd', 'e'), 'b'), ['a', 'd', 'e']);
  assert.deepEqual(kept(done('a', 'b', 'c', 'd', 'e', 'f', 'f[0]'), 'a'), ['e']);
});

test('runs every changed step again, and all behind them', () => {
  assert.deepEqual(kept(done('a', 'b', 'c', 'd', 'e'), 'b', 'e'), ['a', 'd']);
});

test('keeps the finished items of a forEach step that failed, but not the step', () => {
  assert.deepEqual(kept([...done('a', 'f[0]', 'f[2]'), failed('f[1]'), failed('f')]), [
    'a',
    'f[0]',
    'f[2]',
  ]);
  assert.deepEqual(kept([...done('a', 'f[0]', 'f'), failed('f[1]')]), ['a', 'f[0]']);
});

test('drops the items, too, when the forEach step is the one to start from', () => {
  assert.deepEqual(kept(done('a', 'f', 'f[0]', 'f[1]'), 'f'), ['a']);
});

test('leaves out steps that an earlier version of the plan had', () => {
  assert.deepEqual(kept(done('a', 'gone')), ['a']);
});
