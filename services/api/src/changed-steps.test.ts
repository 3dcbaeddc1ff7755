import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { JsonObject, Plan, PlanStep } from '@aos/core';

import { changedSteps } from './changed-steps.ts';

const plan: Plan = {
  version: 1,
  steps: [
    { key: 'a', skill: 'echo', input: { text: '${input.name}' } },
    { key: 'b', skill: 'echo', input: { text: '${item}' }, forEach: { in: '${input.list}' } },
    { key: 'c', skill: 'echo', input: { text: '${a.text} and ${input.deep.one[0]}' } },
    { key: 'd', skill: 'echo', input: { text: 'x' }, when: 'input.flag == true' },
    { key: 'e', skill: 'echo', input: { text: '$${input.name}' } },
  ],
};
const input = { name: 'n', list: [1], deep: { one: [1], two: 2 }, flag: true };

const changed = (more: { input?: JsonObject; steps?: readonly PlanStep[] }) => [
  ...changedSteps(
    { plan, input },
    { plan: { ...plan, steps: more.steps ?? plan.steps }, input: more.input ?? input },
  ),
];
const withStep = (at: number, step: Partial<PlanStep>) =>
  plan.steps.map((old, index) => (index === at ? { ...old, ...step } : old));

test('nothing changed, no step changed', () => {
  assert.deepEqual(changed({ input: structuredClone(input) }), []);
});

test('a step changes with the value it reads, and with no other', () => {
  assert.deepEqual(changed({ input: { ...input, name: 'm' } }), ['a', 'd']);
  assert.deepEqual(changed({ input: { ...input, list: [1, 2] } }), ['b', 'd']);
  assert.deepEqual(changed({ input: { ...input, deep: { one: [2], two: 2 } } }), ['c', 'd']);
  assert.deepEqual(changed({ input: { ...input, deep: { one: [1], two: 3 } } }), ['d']);
});

test('a step changes with anything of its own definition', () => {
  assert.deepEqual(changed({ steps: withStep(4, { input: { text: 'y' } }) }), ['e']);
  assert.deepEqual(changed({ steps: withStep(4, { skill: 'send' }) }), ['e']);
  assert.deepEqual(changed({ steps: withStep(4, { onError: 'continue' }) }), ['e']);
  assert.deepEqual(changed({ steps: [...plan.steps, { key: 'f', skill: 'echo', input: {} }] }), [
    'f',
  ]);
  assert.deepEqual(changed({ steps: plan.steps.slice(1) }), []);
});
