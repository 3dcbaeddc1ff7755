import assert from 'node:assert/strict';
import test from 'node:test';

import { AosError, completeAgent, type Goal, type Plan, type PlannerName } from '@aos/core';

import { fixtureCatalog } from './catalog.fixture.ts';
import { choosePlanner, makePlan, type Planner, type PlanRequest } from './logic.ts';
import { createPlanners } from './planners.ts';

const plan: Plan = {
  version: 1,
  steps: [{ key: 'fetch', skill: 'http_request', input: { url: 'https://a.example' } }],
};
const call = { template: 'page' };
const signal = new AbortController().signal;

function codeOf(run: () => unknown): string {
  try {
    return String(run());
  } catch (error) {
    assert.ok(error instanceof AosError);
    return [error.code, ...(error.problems ?? []).map(({ pointer }) => pointer)].join(' ');
  }
}

test('a run gets the planner that its plan, its own wish or its agent asks for', () => {
  const table: [Parameters<typeof choosePlanner>, string][] = [
    [[{}, 'auto', false], 'rules'],
    [[{}, 'auto', true], 'claude'],
    [[{}, 'rules', true], 'rules'],
    [[{ planner: 'rules' }, 'auto', true], 'rules'],
    [[{ planner: 'claude' }, 'rules', true], 'claude'],
    [[{ plan }, 'auto', true], 'static'],
    [[{ plan }, 'template', false], 'static'],
    [[{ plan, planner: 'static' }, 'auto', false], 'static'],
    [[{ plan: call }, 'claude', false], 'template'],
    [[{ planner: 'claude' }, 'auto', false], 'model_not_configured'],
    [[{}, 'claude', false], 'model_not_configured'],
    [[{ planner: 'static' }, 'auto', false], 'invalid_request #/plan'],
    [[{}, 'static', false], 'invalid_request #/plan'],
    [[{ planner: 'template' }, 'auto', true], 'invalid_request #/plan'],
    [[{ plan, planner: 'rules' }, 'auto', true], 'invalid_request #/planner'],
    [[{ plan: call, planner: 'static' }, 'auto', true], 'invalid_request #/planner'],
  ];
  for (const [given, expected] of table) {
    assert.equal(
      codeOf(() => choosePlanner(...given)),
      expected,
      JSON.stringify(given),
    );
  }
});

function request(goal: Partial<Goal>, skills: readonly string[] = ['*']): PlanRequest {
  return {
    goal: { goal: 'Do it.', input: {}, limits: {}, tags: [], ...goal },
    agent: completeAgent({ name: 'small', description: 'An agent.', skills }),
    catalog: fixtureCatalog,
  };
}

test('a planner sees only the skills its agent may use', async () => {
  const seen: string[] = [];
  const spy: Planner = {
    name: 'static',
    plan({ catalog }) {
      seen.push(...catalog.keys());
      return Promise.resolve({ plan, notes: ['made up'] });
    },
  };
  const answer = await makePlan(
    new Map([['static', spy]]),
    'static',
    request({}, ['http_request']),
    signal,
  );
  assert.deepEqual(seen, ['http_request']);
  assert.deepEqual(answer, { plan, notes: ['made up'] });
});

function make(goal: Partial<Goal>, skills?: readonly string[]) {
  return makePlan(createPlanners(), 'static', request(goal, skills), signal);
}

test('the inspector checks every plan, whoever wrote it', async () => {
  assert.equal((await make({ plan })).plan, plan);
  const unknown = { ...plan, steps: [{ key: 'a', skill: 'teleport', input: {} }] };
  await assert.rejects(make({ plan: unknown }), { code: 'plan_invalid' });
  await assert.rejects(make({ plan }, ['html_extract']), { code: 'plan_invalid' });
  const steps = [...plan.steps, { ...(plan.steps[0] as Plan['steps'][number]), key: 'again' }];
  await assert.rejects(make({ plan: { ...plan, steps }, limits: { steps: 1 } }), {
    code: 'plan_invalid',
    message: /the budget allows 1/,
  });
});

test('without a model there is no planner claude', async () => {
  const planners = createPlanners();
  assert.deepEqual([...planners.keys()], ['static', 'template', 'rules']);
  await assert.rejects(makePlan(planners, 'claude', request({}), signal), {
    code: 'model_not_configured',
  });
});

test('an aborted request is not planned', async () => {
  const asked: PlannerName[] = [];
  const spy: Planner = {
    name: 'rules',
    plan: () => (asked.push('rules'), Promise.resolve({ plan })),
  };
  await assert.rejects(
    makePlan(new Map([['rules', spy]]), 'rules', request({}), AbortSignal.abort()),
  );
  assert.deepEqual(asked, []);
});
