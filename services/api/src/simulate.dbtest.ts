import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { startTestApi, type TestApi } from './api.fixture.ts';

describe('simulating', () => {
  let api: TestApi;
  before(async () => {
    api = await startTestApi();
  });
  after(() => api[Symbol.asyncDispose]());

  const simulate = (json: object) => api.ask('/v1/simulate', { json });

  test('a plan is told with effects, permissions, approvals and cost, and nothing is stored', async () => {
    const told = await simulate({
      plan: {
        version: 1,
        steps: [
          { key: 'say', skill: 'echo', input: { text: 'a' }, timeoutMs: 500 },
          {
            key: 'tell',
            skill: 'send',
            input: { text: '${say.text}' },
            approval: { reason: 'It goes out.' },
            retry: { attempts: 1 },
          },
        ],
      },
    });
    assert.equal(told.status, 200, told.text);
    const { steps, permissions, sideEffects, approvals, problems, planner } = told.json;
    assert.equal(planner, 'static');
    assert.deepEqual(steps[0], {
      key: 'say',
      skill: 'echo',
      skillVersion: '1.0.0',
      after: [],
      forEach: false,
      effect: 'pure',
      sideEffects: false,
      permissions: [],
      approval: null,
      cost: 'free',
      timeoutMs: 500,
      attempts: 3,
    });
    assert.deepEqual(
      [steps[1].after, steps[1].effect, steps[1].costUsd, steps[1].approval, steps[1].attempts],
      [['say'], 'unkeyed', 0.01, 'It goes out.', 1],
    );
    assert.deepEqual(
      [permissions, sideEffects, approvals, problems],
      [['network:http'], ['tell'], ['tell'], []],
    );
    const [stored] = await api.owner.query<{ count: number }>(
      `select ((select count(*) from aos.runs) + (select count(*) from pgboss.job))::int as count`,
    );
    assert.equal(stored?.count, 0);
  });

  test('the faults of a plan are told with it', async () => {
    const told = await simulate({
      plan: {
        version: 1,
        steps: [
          { key: 'a', skill: 'fly', input: {} },
          { key: 'b', skill: 'echo', input: { text: '${c.x} ${' } },
        ],
      },
    });
    assert.equal(told.status, 200);
    assert.deepEqual(
      told.json.problems.map(({ pointer }: { pointer: string }) => pointer),
      ['#/steps/0/skill', '#/steps/1/input'],
    );
    assert.deepEqual([told.json.steps[0].effect, told.json.steps[0].skillVersion], [null, null]);
  });

  test('a goal that no planner can plan is refused with the reason', async () => {
    const told = await simulate({ goal: 'Fetch https://example.com and summarize it.' });
    assert.equal(told.status, 422);
    assert.equal(told.json.code, 'goal_not_plannable');
    assert.equal((await simulate({ input: {} })).json.errors[0].pointer, '#/goal');
    assert.equal((await simulate({})).status, 422);
  });
});
