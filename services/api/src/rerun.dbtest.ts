import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import type { Plan } from '@aos/core';

import { startTestApi, type TestApi } from './api.fixture.ts';
import { completed } from './hand-worker.fixture.ts';

const plan: Plan = {
  version: 1,
  steps: [
    { key: 'a', skill: 'echo', input: { text: '1' } },
    { key: 'b', skill: 'echo', input: { text: '${a.text}' } },
    { key: 'c', skill: 'echo', input: { text: '2' } },
  ],
};

describe('running again', () => {
  let api: TestApi;
  let failed = '';
  before(async () => {
    api = await startTestApi();
    failed = await failedRun();
  });
  after(() => api[Symbol.asyncDispose]());

  /** a and c are done, b failed. */
  const failedRun = async (more: object = {}): Promise<string> => {
    const made = await api.ask('/v1/runs', {
      json: { goal: 'Say it', plan, tags: ['t'], priority: 3, ...more },
    });
    const claim = await api.worker.claim(made.json.id);
    const failure = { code: 'target_failed', detail: 'No.' } as const;
    await api.worker.commit(claim, {
      events: [{ type: 'run.finished', outcome: 'failed', durationMs: 1, failure }],
      steps: [
        completed('a', 'echo', { text: '1' }),
        completed('c', 'echo', { text: '2' }),
        {
          key: 'b',
          skill: 'echo',
          skillVersion: '1.0.0',
          effect: 'pure',
          attempt: 3,
          startedAt: new Date(),
          finishedAt: new Date(),
          status: 'failed',
          failure,
        },
      ],
      next: { status: 'finished', outcome: 'failed', failureCode: 'target_failed' },
    });
    return made.json.id;
  };
  const rerun = (id: string, json: object, headers: Record<string, string> = {}) =>
    api.ask(`/v1/runs/${id}/rerun`, { json: { reason: 'Again.', ...json }, headers });
  const steps = async (id: string) =>
    (await api.ask(`/v1/runs/${id}/steps`)).json.items.map(
      ({ key, status }: { key: string; status: string }) => `${key} ${status}`,
    );

  test('retry keeps what was done and does not depend on what failed', async () => {
    const made = await rerun(failed, { mode: 'retry' });
    assert.equal(made.status, 202, made.text);
    const { id, origin, goal, tags, priority, planner } = made.json;
    assert.notEqual(id, failed);
    assert.deepEqual(
      { origin, goal, tags, priority, planner },
      {
        origin: { runId: failed, mode: 'retry', reason: 'Again.', by: 'tester' },
        goal: 'Say it',
        tags: ['t'],
        priority: 3,
        planner: 'static',
      },
    );
    assert.deepEqual(await steps(id), ['a completed', 'b pending', 'c completed']);
    const { json } = await api.ask(`/v1/runs/${id}/events`);
    const accepted = json.items[0].data;
    assert.deepEqual(accepted.origin, { runId: failed, mode: 'retry', reason: 'Again.' });
    const claim = await api.worker.claim(id);
    assert.deepEqual(claim.run.steps.map(({ key }) => key).toSorted(), ['a', 'c']);
  });

  test('retry from a step runs it and all behind it again', async () => {
    const made = await rerun(failed, { mode: 'retry', fromStep: 'a' });
    assert.deepEqual(await steps(made.json.id), ['a pending', 'b pending', 'c completed']);
    const unknown = await rerun(failed, { mode: 'retry', fromStep: 'z' });
    assert.equal(unknown.json.errors[0].pointer, '#/fromStep');
    const wrong = await rerun(failed, { mode: 'replay', fromStep: 'a' });
    assert.equal(wrong.status, 422);
  });

  test('replay runs the stored plan from its start; replan leaves it, and asks a planner', async () => {
    const replay = await rerun(failed, { mode: 'replay' });
    assert.deepEqual(await steps(replay.json.id), ['a pending', 'b pending', 'c pending']);
    const replan = await rerun(failed, { mode: 'replan' });
    assert.equal(replan.json.planner, 'rules');
    assert.deepEqual(await steps(replan.json.id), []);
  });

  test('the same key makes one run', async () => {
    const headers = { 'idempotency-key': '"again"' };
    const both = await Promise.all([
      rerun(failed, { mode: 'replay' }, headers),
      rerun(failed, { mode: 'replay' }, headers),
    ]);
    assert.equal(both[0].json.id, both[1].json.id);
    const other = await rerun(failed, { mode: 'retry' }, headers);
    assert.equal(other.json.code, 'idempotency_mismatch');
  });

  test('an unfinished run cannot be run again; of one that succeeded a step must be named', async () => {
    const { json } = await api.ask('/v1/runs', { json: { goal: 'x', plan } });
    assert.equal((await rerun(json.id, { mode: 'retry' })).json.code, 'run_not_finished');
    await api.worker.succeed(json.id, plan, {
      a: { text: '1' },
      b: { text: '1' },
      c: { text: '2' },
    });
    assert.equal((await rerun(json.id, { mode: 'retry' })).json.errors[0].pointer, '#/fromStep');
    const from = await rerun(json.id, { mode: 'retry', fromStep: 'b' });
    assert.deepEqual(await steps(from.json.id), ['a completed', 'b pending', 'c completed']);
  });

  test('what was taken from the agent is not given back by an old run', async () => {
    await api.ask('/v1/agents', { json: { name: 'short', description: 'x' } });
    const id = await failedRun({ agent: 'short' });
    await api.ask('/v1/agents/short', {
      method: 'PUT',
      json: { name: 'short', description: 'x', skills: ['send'] },
      headers: { 'if-match': '"1"' },
    });
    const told = await rerun(id, { mode: 'replay' });
    assert.equal(told.json.code, 'plan_invalid');
    await api.ask('/v1/agents/short', { method: 'DELETE', headers: { 'if-match': '"2"' } });
    assert.equal((await rerun(id, { mode: 'replay' })).json.errors[0].pointer, '#/agent');
  });
});
