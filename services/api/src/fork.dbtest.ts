import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import type { PatchOperation, Plan } from '@aos/core';

import { startTestApi, type TestApi } from './api.fixture.ts';

const plan: Plan = {
  version: 1,
  steps: [
    { key: 'a', skill: 'echo', input: { text: '${input.name}' } },
    { key: 'b', skill: 'echo', input: { text: '${a.text}' } },
    { key: 'c', skill: 'echo', input: { text: '${input.other}' } },
  ],
};
const outputs = { a: { text: 'n' }, b: { text: 'n' }, c: { text: 'o' } };

const patch = (...operations: PatchOperation[]) => ({ patch: operations });
const where = (told: { json: { errors?: { pointer: string; detail: string }[] } }) =>
  told.json.errors?.[0];

describe('a fork', () => {
  let api: TestApi;
  let origin = '';
  before(async () => {
    api = await startTestApi();
    const input = { name: 'n', other: 'o' };
    const made = await api.ask('/v1/runs', { json: { goal: 'Say it', plan, input } });
    origin = made.json.id;
    await api.worker.succeed(origin, plan, outputs);
  });
  after(() => api[Symbol.asyncDispose]());

  const fork = (json: object, id = origin) =>
    api.ask(`/v1/runs/${id}/rerun`, { json: { mode: 'retry', reason: 'Try.', ...json } });
  const steps = async (id: string) =>
    (await api.ask(`/v1/runs/${id}/steps`)).json.items.map(
      ({ key, status }: { key: string; status: string }) => `${key} ${status}`,
    );

  test('of a run that succeeded takes over what its edits do not touch', async () => {
    const edit = patch({ op: 'replace', path: '/input/other', value: 'p' });
    const made = await fork({ fromStep: 'b', ...edit });
    assert.equal(made.status, 202, made.text);
    assert.deepEqual(made.json.input, { name: 'n', other: 'p' });
    // b was named, c reads what was patched; a still stands.
    assert.deepEqual(await steps(made.json.id), ['a completed', 'b pending', 'c pending']);
    const expected = { runId: origin, mode: 'retry', reason: 'Try.', fromStep: 'b', ...edit };
    assert.deepEqual(made.json.origin, { ...expected, by: 'tester' });
    const events = await api.ask(`/v1/runs/${made.json.id}/events`);
    assert.deepEqual(events.json.items[0].data.origin, expected);
    const report = await api.ask(`/v1/runs/${made.json.id}/report`);
    assert.deepEqual(report.json.origin, { ...expected, by: 'tester' });
    const { run } = await api.worker.claim(made.json.id);
    assert.deepEqual(run.goal.input, { name: 'n', other: 'p' });
    assert.deepEqual(run.steps.map(({ key }) => key).toSorted(), ['a']);
  });

  test('with a changed step runs it and what is behind it again', async () => {
    const made = await fork({
      fromStep: 'c',
      ...patch({ op: 'replace', path: '/plan/steps/0/input/text', value: 'new' }),
    });
    assert.deepEqual(await steps(made.json.id), ['a pending', 'b pending', 'c pending']);
    const told = await api.ask(`/v1/runs/${made.json.id}/plan`);
    assert.equal(told.json.plan.steps[0].input.text, 'new');
    const again = await fork({ mode: 'replay', ...patch({ op: 'remove', path: '/plan/steps/2' }) });
    assert.deepEqual(await steps(again.json.id), ['a pending', 'b pending']);
  });

  test('planned anew takes edits of goal and input, and a planner', async () => {
    const made = await fork({
      mode: 'replan',
      planner: 'rules',
      ...patch({ op: 'replace', path: '/goal', value: 'Say more' }),
    });
    assert.deepEqual([made.json.goal, made.json.planner], ['Say more', 'rules']);
    const wrong = await fork({ fromStep: 'a', planner: 'rules' });
    assert.equal(where(wrong)?.pointer, '#/planner');
    const without = await fork({ mode: 'replan', planner: 'claude' });
    assert.equal(without.json.code, 'model_not_configured');
  });

  test('is refused before anything is written when its patch is wrong', async () => {
    const had = await api.owner.query('select 1 from aos.runs');
    const wrong: [object, RegExp][] = [
      [patch({ op: 'remove', path: '/input/none' }), /does not apply: Operation 0/],
      [patch({ op: 'test', path: '/goal', value: 'x' }), /does not apply/],
      [patch({ op: 'replace', path: '/goal', value: 'x' }), /changes \/goal.*\/input and \/plan/],
      [patch({ op: 'add', path: '/extra', value: 1 }), /extra/],
      [patch({ op: 'replace', path: '', value: [] }), /object/],
      [patch({ op: 'replace', path: '/input', value: 'text' }), /\/input.*object/],
      [patch({ op: 'remove', path: '/plan' }), /removes \/plan/],
      [
        { mode: 'replan', ...patch({ op: 'add', path: '/plan', value: plan }) },
        /changes \/plan.*\/goal and \/input/,
      ],
      [
        patch({ op: 'replace', path: '/input', value: { x: 'y'.repeat(140_000) } }),
        /larger than 131072/,
      ],
    ];
    for (const [json, detail] of wrong) {
      const told = await fork({ ...('mode' in json ? {} : { fromStep: 'a' }), ...json });
      assert.equal(told.status, 422, told.text);
      assert.equal(where(told)?.pointer, '#/patch', told.text);
      assert.match(where(told)?.detail ?? '', detail);
    }
    const bad = await fork({
      fromStep: 'a',
      ...patch({ op: 'replace', path: '/plan/steps/1/input/text', value: '${zzz.x}' }),
    });
    assert.equal(bad.json.code, 'plan_invalid');
    assert.equal(where(bad)?.pointer, '#/steps/1/input');
    const proto = await fork({
      fromStep: 'a',
      ...patch({ op: 'add', path: '/input/__proto__', value: {} }),
    });
    assert.equal(where(proto)?.pointer, '#/patch');
    const now = await api.owner.query('select 1 from aos.runs');
    assert.equal(now.length, had.length);
  });

  test('may name an older version of its agent, which may not do more', async () => {
    const agent = { name: 'wide', description: 'x', skills: ['echo', 'send'] };
    await api.ask('/v1/agents', { json: agent });
    const change = (version: number, skills: string[]) =>
      api.ask('/v1/agents/wide', {
        method: 'PUT',
        json: { ...agent, skills },
        headers: { 'if-match': `"${version}"` },
      });
    const made = await api.ask('/v1/runs', {
      json: { goal: 'Say it', plan, agent: 'wide', input: { name: 'n', other: 'o' } },
    });
    await api.worker.succeed(made.json.id, plan, outputs);
    await change(1, ['echo']);
    await change(2, ['echo']);
    const older = await fork({ mode: 'replay', agentVersion: 2 }, made.json.id);
    assert.deepEqual(older.json.agent, { name: 'wide', version: 2 });
    const wider = await fork({ mode: 'replay', agentVersion: 1 }, made.json.id);
    assert.match(where(wider)?.detail ?? '', /may use send, which version 3 may not/);
    const none = await fork({ mode: 'replay', agentVersion: 9 }, made.json.id);
    assert.match(where(none)?.detail ?? '', /names no version of wide; the newest is 3/);
  });

  test('is found by the run it came from', async () => {
    const { json } = await api.ask(`/v1/runs?origin=${origin}&limit=200`);
    assert.ok(json.items.length >= 4);
    for (const run of json.items) assert.equal(run.origin.runId, origin);
    const none = await api.ask('/v1/runs?origin=nothing');
    assert.deepEqual(none.json.items, []);
  });
});
