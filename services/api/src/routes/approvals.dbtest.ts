import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { newId } from '@aos/core';
import type { Claim } from '@aos/store';

import { echoPlan, startTestApi, type TestApi } from '../api.fixture.ts';

describe('approvals', () => {
  let api: TestApi;
  before(async () => {
    api = await startTestApi();
  });
  after(() => api[Symbol.asyncDispose]());

  const asking = async (wait = true): Promise<{ runId: string; id: string; claim: Claim }> => {
    const made = await api.ask('/v1/runs', { json: { goal: 'x', plan: echoPlan('a') } });
    const runId: string = made.json.id;
    const claim = await api.worker.claim(runId);
    const id = newId('approval');
    await api.worker.commit(claim, {
      events: [{ type: 'approval.requested', step: 'say', approvalId: id, kind: 'step' }],
      approvals: [
        {
          id,
          stepKey: 'say',
          kind: 'step',
          reason: 'It costs money.',
          skill: 'echo',
          input: { text: 'a' },
          inputHash: 'sha256:1',
        },
      ],
      steps: [
        {
          key: 'say',
          skill: 'echo',
          skillVersion: '1.0.0',
          effect: 'pure',
          attempt: 0,
          status: 'waiting',
          wait: { for: 'approval', approvalId: id },
        },
      ],
      ...(wait && { next: { status: 'waiting', waitingFor: 'approval' } as const }),
    });
    return { runId, id, claim };
  };
  const decide = (id: string, decision: string, key = api.key) =>
    api.ask(`/v1/approvals/${id}/decision`, { key, json: { decision, comment: 'Fine.' } });

  test('are listed with exactly what will be sent, and tell why the run waits', async () => {
    const { runId, id } = await asking();
    const { json } = await api.ask(`/v1/approvals?runId=${runId}`);
    assert.equal(json.items.length, 1);
    const [approval] = json.items;
    assert.equal(approval.id, id);
    assert.deepEqual(approval.input, { text: 'a' });
    assert.equal(approval.decided, null);
    const { json: run } = await api.ask(`/v1/runs/${runId}`);
    assert.deepEqual(
      [run.status, run.waitingFor, run.progress.current],
      ['waiting', 'approval', ['say']],
    );
    const { json: why } = await api.ask(`/v1/runs/${runId}/why`);
    assert.equal(why.reasons[0].code, 'waiting_for_approval');
    assert.equal(why.reasons[0].approvalId, id);
    assert.match(why.reasons[0].detail, /It costs money/);
    const { json: steps } = await api.ask(`/v1/runs/${runId}/steps`);
    assert.equal(steps.items[0].approvalId, id);
  });

  test('20 deciders at once: one decides, the others are told what was decided', async () => {
    const { runId, id } = await asking();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => decide(id, n % 2 ? 'approve' : 'reject')),
    );
    const [won, ...more] = answers.filter(({ status }) => status === 200);
    assert.ok(won && more.length === 0);
    const { decided } = won.json;
    for (const { status, json } of answers.filter((told) => told !== won)) {
      assert.equal(status, 409);
      assert.equal(json.code, 'approval_decided');
      assert.deepEqual(json.decided, decided);
    }
    const { json: listed } = await api.ask(`/v1/approvals?status=decided&runId=${runId}`);
    assert.deepEqual(listed.items[0].decided, decided);
    assert.equal((await api.ask(`/v1/approvals?runId=${runId}`)).json.items.length, 0);
  });

  test('a decision sends the waiting run to a worker, who sees it', async () => {
    const { runId, id } = await asking();
    assert.equal((await decide(id, 'approve')).status, 200);
    assert.equal((await api.ask(`/v1/runs/${runId}`)).json.status, 'queued');
    const claim = await api.worker.claim(runId);
    const seen = claim.run.decisions.get(id);
    assert.deepEqual(
      [seen?.decision, seen?.by, seen?.inputHash],
      ['approve', 'tester', 'sha256:1'],
    );
  });

  test('a decision while a worker still has the run is not lost when it goes to sleep', async () => {
    const { runId, id, claim } = await asking(false);
    assert.equal((await decide(id, 'approve')).status, 200);
    await api.worker.commit(claim, {
      events: [{ type: 'run.waiting', waitingFor: 'approval' }],
      next: { status: 'waiting', waitingFor: 'approval' },
    });
    const again = await api.worker.claim(runId);
    assert.equal(again.run.decisions.get(id)?.decision, 'approve');
  });

  test('a decision that cannot get its row is answered with 503, and nothing is decided', async () => {
    const { id, runId } = await asking();
    const holder = await api.owner.connect();
    await holder.query('begin');
    await holder.query(`select from aos.runs where id = $1 for update`, [runId.slice(4)]);
    const told = await decide(id, 'approve');
    assert.equal(told.status, 503, told.text);
    assert.equal(told.json.code, 'database_unavailable');
    await holder.query('rollback');
    await holder.end();
    assert.equal((await decide(id, 'reject')).status, 200);
  });

  test('of a finished run cannot be decided, and are not open any more', async () => {
    const { runId, id, claim } = await asking(false);
    await api.worker.commit(claim, {
      events: [{ type: 'run.finished', outcome: 'cancelled', durationMs: 1 }],
      next: { status: 'finished', outcome: 'cancelled' },
    });
    const told = await decide(id, 'approve');
    assert.equal(told.status, 409);
    assert.equal(told.json.code, 'run_finished');
    assert.equal((await api.ask(`/v1/approvals?runId=${runId}`)).json.items.length, 0);
    assert.equal((await api.ask(`/v1/approvals?status=all&runId=${runId}`)).json.items.length, 1);
  });

  test('pages miss and repeat nothing', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) ids.push((await asking()).id);
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { json } = await api.ask(`/v1/approvals?limit=2${cursor && `&cursor=${cursor}`}`);
      seen.push(...json.items.map(({ id }: { id: string }) => id));
      cursor = json.nextCursor;
    }
    assert.equal(new Set(seen).size, seen.length);
    assert.deepEqual(
      seen.filter((id) => ids.includes(id)),
      ids,
    );
  });
});
