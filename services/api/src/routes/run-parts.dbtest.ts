import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import type { Plan } from '@aos/core';

import { echoPlan, startTestApi, type TestApi } from '../api.fixture.ts';
import { completed } from '../hand-worker.fixture.ts';

const chain: Plan = {
  version: 1,
  steps: [
    { key: 'first', skill: 'echo', input: { text: '${input.word}' } },
    { key: 'second', skill: 'echo', input: { text: 'again ${first.text}' } },
    { key: 'each', skill: 'echo', input: { text: '${item}' }, forEach: { in: ['x', 'y'] } },
  ],
  output: { said: '${second.text}' },
};

describe('what belongs to a run', () => {
  let api: TestApi;
  before(async () => {
    api = await startTestApi();
  });
  after(() => api[Symbol.asyncDispose]());

  const newRun = async (more: object = {}): Promise<string> => {
    const made = await api.ask('/v1/runs', {
      json: { goal: 'x', plan: chain, input: { word: 'hello' }, ...more },
    });
    return made.json.id;
  };
  const reasons = async (id: string) => (await api.ask(`/v1/runs/${id}/why`)).json.reasons;

  test('steps tell what they were given, resolved, also items; those to come are pending', async () => {
    const id = await newRun();
    const claim = await api.worker.claim(id);
    await api.worker.commit(claim, {
      events: [{ type: 'run.started', workerId: api.worker.id, epoch: 1 }],
      steps: [
        completed('first', 'echo', { text: 'hello' }),
        completed('each[1]', 'echo', { text: 'y' }),
      ],
    });
    const { items } = (await api.ask(`/v1/runs/${id}/steps`)).json;
    const told = items.map(({ key, status, input }: Record<string, unknown>) => [
      key,
      status,
      input,
    ]);
    assert.deepEqual(told, [
      ['first', 'completed', { text: 'hello' }],
      ['second', 'pending', { text: 'again hello' }],
      ['each', 'pending', undefined],
      ['each[1]', 'completed', { text: 'y' }],
    ]);
    const { json: run } = await api.ask(`/v1/runs/${id}`);
    assert.deepEqual(run.progress, { percent: 33, done: 1, total: 3, current: [] });
  });

  test('the plan is there once it is made, and not before', async () => {
    const { json } = await api.ask('/v1/runs', { json: { goal: 'Plan this' } });
    const none = await api.ask(`/v1/runs/${json.id}/plan`);
    assert.equal(none.json.code, 'plan_not_found');
    await api.worker.succeed(json.id, echoPlan('a'), { say: { text: 'a' } });
    const { json: plan } = await api.ask(`/v1/runs/${json.id}/plan?version=1`);
    assert.deepEqual(plan.plan, echoPlan('a'));
    assert.equal((await api.ask(`/v1/runs/${json.id}/plan?version=2`)).status, 404);
  });

  test('report.json is derived: the same as the report, in the list, and kept as a file', async () => {
    const id = await newRun();
    await api.worker.succeed(id, chain, {
      first: { text: 'hello' },
      second: { text: 'again hello' },
      each: [],
    });
    const { json: report } = await api.ask(`/v1/runs/${id}/report`);
    assert.deepEqual(report.output, { said: 'again hello' });
    const { json: list } = await api.ask(`/v1/runs/${id}/artifacts`);
    assert.deepEqual(
      list.items.map(({ name, derived }: Record<string, unknown>) => [name, derived]),
      [['report.json', true]],
    );
    const file = await api.ask(list.items[0].href);
    assert.deepEqual(file.json, report);
    assert.equal(file.headers.get('content-disposition'), 'attachment; filename="report.json"');
  });

  test('files come as attachments that no browser runs, whatever they say they are', async () => {
    const id = await newRun();
    const content = '<script>alert(1)</script>';
    const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
    for (const [name, type] of [
      ['out/page.html', 'text/html'],
      ['odd', 'text/html\r\nX-Evil: 1'],
    ]) {
      await api.owner.query(
        `insert into aos.artifacts (tenant_id, run_id, name, media_type, bytes, digest, content)
         values ('default', $1, $2, $3, $4, $5, $6)`,
        [id.slice(4), name, type, content.length, digest, Buffer.from(content)],
      );
    }
    const { json } = await api.ask(`/v1/runs/${id}/artifacts`);
    const page = json.items.find(({ name }: { name: string }) => name === 'out/page.html');
    assert.deepEqual([page.bytes, page.digest, page.derived], [content.length, digest, false]);
    for (const path of [page.href, page.href.replace('out/', 'out%2F')]) {
      const file = await api.ask(path);
      assert.equal(file.text, content);
      assert.equal(file.headers.get('content-type'), 'text/html');
      assert.equal(file.headers.get('content-disposition'), 'attachment; filename="page.html"');
      assert.equal(file.headers.get('x-content-type-options'), 'nosniff');
      assert.equal(file.headers.get('content-security-policy'), "default-src 'none'; sandbox");
    }
    const odd = await api.ask(`/v1/runs/${id}/artifacts/odd`);
    assert.equal(odd.headers.get('content-type'), 'application/octet-stream');
    assert.equal(odd.headers.get('x-evil'), null);
    const none = await api.ask(`/v1/runs/${id}/artifacts/..%2f..%2fetc%2fpasswd`);
    assert.equal(none.json.code, 'artifact_not_found');
  });

  test('why: a queued run tells of its place, its start and missing workers', async () => {
    await using fresh = await startTestApi();
    const make = async (more: object = {}): Promise<string> =>
      (await fresh.ask('/v1/runs', { json: { goal: 'x', ...more } })).json.id;
    const why = async (id: string) =>
      (await fresh.ask(`/v1/runs/${id}/why`)).json.reasons.map(
        ({ code, runsAhead }: Record<string, unknown>) =>
          runsAhead === undefined ? code : [code, runsAhead],
      );
    const low = await make({ priority: -1 });
    await make();
    const high = await make({ priority: 5 });
    const startAt = new Date(Date.now() + 60_000).toISOString();
    const later = await make({ startAt });
    assert.deepEqual(await why(low), ['no_live_worker', ['queued_behind', 2]]);
    assert.deepEqual(await why(high), ['no_live_worker', ['next_in_queue', 0]]);
    assert.deepEqual(await why(later), ['starts_later']);
    await fresh.worker.live();
    assert.deepEqual(await why(high), [['next_in_queue', 0]]);
  });

  test('why: a running run tells of its step, and of a worker that is gone', async () => {
    const id = await newRun();
    const claim = await api.worker.claim(id);
    assert.equal((await reasons(id))[0].code, 'between_steps');
    await api.worker.commit(claim, {
      events: [{ type: 'step.started', step: 'first', skill: 'echo', attempt: 2, effect: 'keyed' }],
      steps: [
        {
          key: 'first',
          skill: 'echo',
          skillVersion: '1.0.0',
          effect: 'keyed',
          attempt: 2,
          startedAt: new Date(),
          status: 'started',
        },
      ],
    });
    const [running] = await reasons(id);
    assert.deepEqual([running.code, running.step], ['step_running', 'first']);
    assert.match(running.detail, /attempt 2/);
    await api.worker.die();
    assert.equal((await reasons(id))[0].code, 'worker_lost');
    await api.worker.live().catch(() => {});
    await api.owner.query(`update aos.workers set lease_until = now() + interval '1 hour'`);
  });

  test('why: a run that waits for its next attempt tells when', async () => {
    const id = await newRun();
    const claim = await api.worker.claim(id);
    const until = new Date(Date.now() + 60_000);
    const failure = { code: 'target_overloaded', detail: 'Come back later.' } as const;
    await api.worker.commit(claim, {
      events: [{ type: 'run.waiting', waitingFor: 'retry', until: until.toISOString() }],
      steps: [
        {
          key: 'first',
          skill: 'echo',
          skillVersion: '1.0.0',
          effect: 'pure',
          attempt: 1,
          status: 'waiting',
          wait: { for: 'retry', until, failure },
        },
      ],
      next: { status: 'waiting', waitingFor: 'retry', wakeAt: until },
    });
    const [reason] = await reasons(id);
    assert.deepEqual(
      [reason.code, reason.step, reason.until],
      ['waiting_for_retry', 'first', until.toISOString()],
    );
    const { json: run } = await api.ask(`/v1/runs/${id}`);
    assert.deepEqual([run.waitingFor, run.wakeAt], ['retry', until.toISOString()]);
  });
});
