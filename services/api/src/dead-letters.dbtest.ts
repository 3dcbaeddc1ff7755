import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import type { ClaimedRun, Failure } from '@aos/core';

import { echoPlan, startTestApi, type TestApi } from './api.fixture.ts';
import { eventually, startMachine, type Machine } from './machine.fixture.ts';

/** Three causes, told by the input; the detail differs each time. */
function judge({ goal, id }: ClaimedRun): Failure | undefined {
  const cause = goal.input['cause'];
  switch (cause) {
    case 'host':
      return { code: 'target_failed', detail: `https://a.org/${id} answered 50${id.length % 9}.` };
    case 'quota':
      return { code: 'quota_exceeded', detail: `The file "${id}" is too much.` };
    case 'bug':
      return { code: 'skill_crashed', detail: 'It crashed.' };
    case undefined:
    default:
      return undefined;
  }
}

describe('repairing 300 failures', () => {
  let api: TestApi;
  let machine: Machine;
  before(async () => {
    api = await startTestApi({ requestsPerSecond: 10_000 });
    machine = await startMachine(api.owner, judge);
    await fail('host', 100);
    await fail('quota', 100);
    await fail('bug', 100);
    await eventually(async () => machine.done.length === 300);
  });
  after(async () => {
    await machine[Symbol.asyncDispose]();
    await api[Symbol.asyncDispose]();
  });

  const fail = (cause: string, count: number) =>
    Promise.all(
      Array.from({ length: count }, async (_, n) => {
        const input = { cause, n };
        const { json } = await api.ask('/v1/runs', {
          json: { goal: 'Say it', plan: echoPlan('${input.n}'), input },
        });
        return String(json.id);
      }),
    );
  const caseOf = async (code: string) => {
    const { json } = await api.ask(`/v1/cases?code=${code}`);
    assert.equal(json.items.length, 1);
    return json.items[0];
  };
  const redrive = (json: object, headers: Record<string, string> = {}) =>
    api.ask('/v1/dead-letters/redrive', {
      json: { mode: 'retry', reason: 'Mended.', ratePerSecond: 100, ...json },
      headers,
    });
  const ended = (id: string) =>
    eventually(async () => {
      const { json } = await api.ask(`/admin/operations/${id}`);
      return json.state !== 'running' && json;
    });
  const cure = { patch: [{ op: 'remove', path: '/input/cause' }] };
  const children = async () => {
    const rows = await api.owner.query<{ count: number }>(
      `select count(*)::int as count from aos.runs where origin_run_id is not null group by origin_run_id`,
    );
    return rows.map(({ count }) => count);
  };

  test('makes exactly three cases, each with its count', async () => {
    const { json } = await api.ask('/v1/cases');
    const told = json.items.map(
      ({ code, letters, openLetters }: Record<string, unknown>) =>
        `${String(code)}: ${String(openLetters)} of ${String(letters)} open`,
    );
    assert.deepEqual(told.toSorted(), [
      'quota_exceeded: 100 of 100 open',
      'skill_crashed: 100 of 100 open',
      'target_failed: 100 of 100 open',
    ]);
    const dead = await api.owner.query(`select 1 from pgboss.job where name = 'runs_dead'`);
    assert.equal(dead.length, 300);
  });

  test('a wrong fix stops after the canary, and the rest is untouched', async () => {
    const { id } = await caseOf('skill_crashed');
    const begun = await redrive({
      case: id,
      patch: [{ op: 'add', path: '/input/other', value: 1 }],
    });
    assert.equal(begun.status, 202, begun.text);
    const operation = await ended(begun.json.id);
    assert.equal(operation.state, 'stopped');
    assert.equal(operation.endReason, 'Canary stage 1: of 1 runs 1 failed as before.');
    const { pending, started, failed } = operation.progress;
    assert.deepEqual({ pending, started, failed }, { pending: 99, started: 1, failed: 1 });
    const { letters, openLetters } = await caseOf('skill_crashed');
    assert.deepEqual({ letters, openLetters }, { letters: 101, openLetters: 100 });
  });

  test('a fix is looked at first, passes its canaries, and then goes on at the rate', async () => {
    const { id } = await caseOf('target_failed');
    const look = await redrive({ case: id, dryRun: true, ...cure });
    assert.equal(look.status, 200, look.text);
    assert.equal(look.json.count, 100);
    assert.equal(look.json.sample.length, 5);
    assert.deepEqual(look.json.sample[0].changes, [{ path: '/input/cause', before: 'host' }]);
    const selection = look.json.selection;
    const begun = await redrive({ case: id, selection, ratePerSecond: 50, priority: 7, ...cure });
    assert.deepEqual(begun.json.request, { mode: 'retry', priority: 7, ...cure });
    const operation = await ended(begun.json.id);
    assert.equal(operation.state, 'done');
    await eventually(async () => {
      const { json } = await api.ask(`/admin/operations/${begun.json.id}`);
      return json.progress.succeeded === 100;
    });
    const [rest] = await api.owner.query<{ count: number; seconds: number }>(
      `select count(*)::int as count,
              extract(epoch from max(settled_at) - min(settled_at))::float as seconds
         from aos.operation_items where operation_id = $1 and stage = 2`,
      [begun.json.id.slice(3)],
    );
    assert.equal(rest?.count, 94);
    // 94 at 50 a second take 1.88 s; a busy machine takes longer, never less.
    assert.ok((rest?.seconds ?? 0) > 1.5 && (rest?.seconds ?? 99) < 8, JSON.stringify(rest));
    const [item] = (await api.ask(`/admin/operations/${begun.json.id}/items`)).json.items;
    assert.equal((await api.ask(`/v1/runs/${item.newRunId}`)).json.priority, 7);
    assert.equal((await caseOf('target_failed')).openLetters, 0);
    const dead = await api.owner.query(
      `select 1 from pgboss.job where name = 'runs_dead' and data ->> 'code' = 'target_failed'`,
    );
    assert.deepEqual(dead, []);
    // The set of the preview is gone.
    const late = await redrive({ case: id, selection, ...cure });
    assert.equal(late.json.code, 'selection_changed');
  });

  test('two redrives of one case at once make no run twice', async () => {
    const { id } = await caseOf('quota_exceeded');
    const both = await Promise.all([
      redrive({ case: id, canary: [], ...cure }),
      redrive({ case: id, canary: [], ...cure }),
      redrive({ filter: { code: 'quota_exceeded' }, canary: [], ...cure }),
    ]);
    let started = 0;
    for (const { status, json } of both) {
      // Whoever came when the others had taken all has nothing left to do.
      if (status === 422) continue;
      assert.equal(status, 202);
      started += (await ended(json.id)).progress.started;
    }
    assert.equal(started, 100);
    assert.deepEqual(new Set(await children()), new Set([1]));
    assert.equal((await caseOf('quota_exceeded')).openLetters, 0);
  });

  test('the same key makes one operation, another body none', async () => {
    const { id } = await caseOf('skill_crashed');
    const key = { 'idempotency-key': '"mend"' };
    const body = { case: id, canary: [1_000], ...cure };
    const [one, two] = await Promise.all([redrive(body, key), redrive(body, key)]);
    assert.equal(one.json.id, two.json.id);
    const other = await redrive({ ...body, reason: 'Other.' }, key);
    assert.equal(other.json.code, 'idempotency_mismatch');
    assert.equal((await ended(one.json.id)).state, 'done');
  });

  test('a letter tells everything, and its lineage', async () => {
    const { json } = await api.ask('/v1/dead-letters?code=skill_crashed&state=redriven&limit=200');
    const second = json.items.find(({ redrives }: { redrives: number }) => redrives === 1);
    const told = await api.ask(`/v1/dead-letters/${second.id}`);
    assert.equal(told.status, 200, told.text);
    const { letter, lineage, input, plan, steps } = told.json;
    assert.equal(letter.failure.step, 'say');
    assert.equal(letter.redriven.by, 'tester');
    assert.deepEqual(
      lineage.map(({ redrives }: { redrives: number }) => redrives),
      [0, 1],
    );
    assert.equal(lineage[0].redriven.runId, second.runId);
    assert.equal(typeof input.text, 'number');
    assert.equal(plan.plan.steps[0].key, 'say');
    assert.equal(steps[0].failure.code, 'skill_crashed');
    assert.equal(told.json.case.id, letter.case);
    const byRun = await api.ask(`/v1/dead-letters/${second.runId}`);
    assert.equal(byRun.json.letter.id, second.id);
    assert.equal((await api.ask('/v1/dead-letters/dl_nothing')).status, 404);
  });
});
