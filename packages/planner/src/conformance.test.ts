import assert from 'node:assert/strict';
import test from 'node:test';

import { completeAgent, type AgentDefinition, type Goal, type Plan } from '@aos/core';

import { fixtureCatalog } from './catalog.fixture.ts';
import { plannerConformance, type PlannerCase } from './conformance.ts';
import type { Planner, PlanRequest } from './logic.ts';
import { createRulesPlanner } from './rules-planner.ts';
import { staticPlanner } from './static-planner.ts';
import { templatePlanner } from './template-planner.ts';

const plan: Plan = {
  version: 1,
  steps: [{ key: 'fetch', skill: 'http_request', input: { url: 'https://a.example' } }],
};
const parameters = { type: 'object', required: ['a'], properties: { a: { type: 'string' } } };
const agent: AgentDefinition = completeAgent({
  name: 'general',
  description: 'Any goal.',
  templates: { page: { description: 'A page.', parameters, plan } },
});

function request(goal: string, more: Partial<Goal> = {}): PlanRequest {
  const whole = { goal, input: {}, limits: {}, tags: [], ...more };
  return { goal: whole, agent, catalog: fixtureCatalog };
}

const headings = request('Fetch a.example and list its headings.');

test('the planners that need no model conform', async () => {
  const cases: readonly [Planner, readonly PlannerCase[]][] = [
    [
      staticPlanner,
      [
        { name: 'a plan', request: request('Do it.', { plan }), expect: 'plan' },
        { name: 'no plan', request: request('Do it.'), expect: 'refusal' },
      ],
    ],
    [
      templatePlanner,
      [
        {
          name: 'a call',
          request: request('Do it.', { plan: { template: 'page', parameters: { a: 'x' } } }),
          expect: 'plan',
        },
        {
          name: 'an unknown name',
          request: request('Do it.', { plan: { template: 'other' } }),
          expect: { refusal: 'template_not_found' },
        },
        {
          name: 'a missing parameter',
          request: request('Do it.', { plan: { template: 'page' } }),
          expect: { refusal: 'invalid_request' },
        },
      ],
    ],
    [
      createRulesPlanner(),
      [
        { name: 'a goal', request: headings, expect: 'plan' },
        { name: 'another wish', request: request('Book a flight.'), expect: 'refusal' },
        {
          name: 'an empty catalog',
          request: { ...headings, catalog: new Map() },
          expect: 'refusal',
        },
      ],
    ],
  ];
  for (const [planner, items] of cases) {
    assert.deepEqual(await plannerConformance(planner, items), []);
  }
});

async function told(planOf: Planner['plan'], expect: PlannerCase['expect'] = 'plan') {
  const planner: Planner = { name: 'rules', plan: planOf };
  return (await plannerConformance(planner, [{ name: 'x', request: headings, expect }])).join('\n');
}

test('every breach of the contract is told', async () => {
  assert.equal(await told(() => Promise.resolve({ plan })), '');
  assert.match(await told(() => Promise.resolve({ plan }), 'refusal'), /must refuse/);
  assert.match(await told(() => Promise.reject(new Error('boom'))), /something else.*boom/);
  const unknown = { ...plan, steps: [{ key: 'a', skill: 'teleport', input: {} }] };
  assert.match(await told(() => Promise.resolve({ plan: unknown })), /unknown skill teleport/);
  let asked = 0;
  const moody: Planner['plan'] = () =>
    asked++ % 2 ? Promise.reject(new Error('no')) : Promise.resolve({ plan });
  assert.match(await told(moody), /says plan, then crash/);
  const greedy: Planner['plan'] = ({ goal }) => {
    (goal.tags as string[]).push('mine');
    return Promise.resolve({ plan });
  };
  assert.match(await told(greedy), /changes its request/);
});
