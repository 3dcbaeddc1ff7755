import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { echoPlan, startTestApi, type TestApi } from '../api.fixture.ts';

describe('runs', () => {
  let api: TestApi;
  before(async () => {
    api = await startTestApi();
  });
  after(() => api[Symbol.asyncDispose]());

  const create = async (more: object = {}, headers: Record<string, string> = {}) =>
    api.ask('/v1/runs', { json: { goal: 'Say it', plan: echoPlan('a'), ...more }, headers });

  test('a goal is accepted with 202 and can be read where Location says', async () => {
    const made = await create({
      input: { n: 1 },
      tags: ['red'],
      priority: 7,
      budget: { wallMs: 60_000, steps: 3 },
    });
    assert.equal(made.status, 202);
    const read = await api.ask(made.headers.get('location') ?? '');
    assert.deepEqual(read.json, made.json);
    const { status, outcome, planner, agent, priority, tags, input, budget } = read.json;
    assert.deepEqual(
      { status, outcome, planner, agent, priority, tags, input, budget },
      {
        status: 'queued',
        outcome: null,
        planner: 'static',
        agent: { name: 'default', version: 1 },
        priority: 7,
        tags: ['red'],
        input: { n: 1 },
        budget: { wallMs: 60_000, steps: 3 },
      },
    );
    for (const link of Object.values(read.json.links as Record<string, string>)) {
      assert.equal((await api.ask(link)).status, 200, link);
    }
    const [job] = await api.owner.query<{ count: number }>(
      `select count(*)::int as count from pgboss.job where id = $1`,
      [made.json.id.slice(4)],
    );
    assert.equal(job?.count, 1);
  });

  test('50 identical requests with one key make one run; another body under the key is refused', async () => {
    const headers = { 'idempotency-key': '"order 66"'.replace(' ', '-') };
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => create({ tags: ['once'] }, headers)),
    );
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([202]));
    assert.equal(new Set(answers.map(({ json }) => json.id)).size, 1);
    const bare = await create({ tags: ['once'] }, { 'idempotency-key': 'order-66' });
    assert.equal(bare.json.id, answers[0]?.json.id, 'bare and quoted are the same key');
    const { json } = await api.ask('/v1/runs?tag=once');
    assert.equal(json.items.length, 1);
    const other = await create({ tags: ['twice'] }, headers);
    assert.equal(other.status, 422);
    assert.equal(other.json.code, 'idempotency_mismatch');
    const theirs = await api.ask('/v1/runs', {
      key: api.otherKey,
      json: { goal: 'Say it', plan: echoPlan('a') },
      headers,
    });
    assert.equal(theirs.status, 202, 'keys of tenants do not meet');
  });

  test('a request is refused when its agent, plan, planner or times cannot work', async () => {
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
    const later = new Date(Date.now() + 90_000_000).toISOString();
    const bad = { version: 1, steps: [{ key: 'a', skill: 'fly', input: {} }] };
    const cases: [object, number, string, string][] = [
      [{ agent: 'nobody' }, 422, 'invalid_request', '#/agent'],
      [{ plan: bad }, 422, 'plan_invalid', '#/plan/steps/0/skill'],
      [{ plan: { template: 'none' } }, 422, 'template_not_found', '#/plan/template'],
      [{ planner: 'rules' }, 422, 'invalid_request', '#/planner'],
      [{ startAt: later, expiresAt: tomorrow }, 422, 'invalid_request', '#/expiresAt'],
      [{ expiresAt: '2020-01-01T00:00:00Z' }, 422, 'invalid_request', '#/expiresAt'],
      [{ budget: { steps: 1 }, plan: two }, 422, 'plan_invalid', '#/plan/steps'],
    ];
    for (const [more, status, code, pointer] of cases) {
      const told = await create(more);
      assert.equal(told.status, status, `${JSON.stringify(more)}: ${told.text}`);
      assert.equal(told.json.code, code);
      assert.equal(told.json.errors[0]?.pointer, pointer);
    }
    const model = await api.ask('/v1/runs', { json: { goal: 'x', planner: 'claude' } });
    assert.equal(model.json.code, 'model_not_configured');
    const parent = await create({ parentRunId: 'run_01a209b7-0000-7a98-b4dc-000000000000' });
    assert.equal(parent.json.code, 'run_not_found');
  });

  test('Prefer: wait holds the answer until the run has ended, and no longer than asked', async () => {
    const began = performance.now();
    const slow = await create({}, { prefer: 'wait=1' });
    assert.equal(slow.status, 202);
    assert.equal(slow.headers.get('preference-applied'), 'wait=1');
    assert.ok(performance.now() - began >= 1_000);

    const held = create({ tags: ['held'] }, { prefer: 'respond-async, wait=30' });
    const runId = await appeared('held');
    await api.worker.succeed(runId, echoPlan('a'), { say: { text: 'a' } });
    const answered = await held;
    assert.equal(answered.status, 200);
    assert.equal(answered.json.outcome, 'succeeded');
    assert.deepEqual(answered.json.progress, { percent: 100, done: 1, total: 1, current: [] });
  });

  const appeared = async (tag: string): Promise<string> => {
    for (;;) {
      const { json } = await api.ask(`/v1/runs?tag=${tag}`);
      if (json.items[0]) return json.items[0].id;
    }
  };

  test('the list is filtered, and its pages miss and repeat nothing', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 7; n++) ids.push((await create({ tags: ['paged'] })).json.id);
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { json } = await api.ask(`/v1/runs?tag=paged&limit=3${cursor && `&cursor=${cursor}`}`);
      assert.ok(json.items.length <= 3);
      seen.push(...json.items.map(({ id }: { id: string }) => id));
      cursor = json.nextCursor;
    }
    assert.deepEqual(seen, ids.toReversed());

    const special = (await create({ goal: '100% of_it \\ "quoted"', tags: ['paged'] })).json;
    const failed = ids[0] as string;
    await fail(failed);
    const at = encodeURIComponent(special.createdAt);
    assert.deepEqual(await found('outcome=failed'), [failed]);
    assert.deepEqual(await found('error=target_failed'), [failed]);
    assert.deepEqual(await found('skill=echo'), [failed]);
    assert.deepEqual(await found('status=finished'), [failed]);
    assert.deepEqual(await found('q=100%25+of_it'), [special.id]);
    assert.deepEqual(await found('q=100%25xof'), []);
    assert.deepEqual(await found('agent=nobody'), []);
    assert.equal((await found('planner=static')).length, 8);
    assert.deepEqual(await found(`createdAfter=${at}`), [special.id].slice(0, 1));
    assert.equal((await found(`createdBefore=${at}`)).length, 7);
  });

  const found = async (query: string) =>
    (await api.ask(`/v1/runs?tag=paged&${query}`)).json.items.map(
      ({ id }: { id: string }) => id,
    ) as string[];

  const fail = async (runId: string) => {
    const claim = await api.worker.claim(runId);
    const failure = { code: 'target_failed', detail: 'The host said 500.' } as const;
    const now = new Date();
    await api.worker.commit(claim, {
      events: [
        { type: 'run.started', workerId: api.worker.id, epoch: 1 },
        { type: 'step.failed', step: 'say', skill: 'echo', attempt: 1, durationMs: 1, failure },
        { type: 'run.finished', outcome: 'failed', durationMs: 2, failure },
      ],
      steps: [
        {
          key: 'say',
          skill: 'echo',
          skillVersion: '1.0.0',
          effect: 'pure',
          attempt: 1,
          startedAt: now,
          finishedAt: now,
          status: 'failed',
          failure,
        },
      ],
      next: { status: 'finished', outcome: 'failed', failureCode: 'target_failed' },
    });
  };

  test('a failed run says in words why, and which step it was', async () => {
    const { json } = await create();
    await fail(json.id);
    const { json: run } = await api.ask(`/v1/runs/${json.id}`);
    assert.deepEqual(run.failure, {
      code: 'target_failed',
      detail: 'The host said 500.',
      meaning: 'The host answered with a server error.',
      step: 'say',
    });
    const { json: why } = await api.ask(`/v1/runs/${json.id}/why`);
    assert.equal(why.reasons[0].code, 'finished');
    const { json: report } = await api.ask(`/v1/runs/${json.id}/report`);
    assert.equal(report.failure.step, 'say');
  });

  test('a queued run is cancelled at once for its worker; asking again changes nothing', async () => {
    const later = new Date(Date.now() + 3_600_000).toISOString();
    const { json } = await create({ startAt: later });
    const path = `/v1/runs/${json.id}/cancel`;
    const first = await api.ask(path, { method: 'POST' });
    assert.equal(first.status, 200);
    assert.equal(first.json.cancelRequestedBy, 'tester');
    const second = await api.ask(path, { method: 'POST' });
    assert.deepEqual(second.json, first.json);
    const { json: why } = await api.ask(`/v1/runs/${json.id}/why`);
    assert.equal(why.reasons[0].code, 'cancel_requested');

    const claim = await api.worker.claim(json.id);
    assert.equal(claim.run.cancelledBy, 'tester');
    await api.worker.commit(claim, {
      events: [{ type: 'run.finished', outcome: 'cancelled', durationMs: 0, by: 'tester' }],
      next: { status: 'finished', outcome: 'cancelled' },
    });
    assert.equal((await api.ask(path, { method: 'POST' })).json.outcome, 'cancelled');
  });

  test('a running run is told to its worker; a finished one cannot be cancelled', async () => {
    const { json } = await create();
    const listener = await api.owner.connect();
    await listener.query('listen aos_runs');
    const told = new Promise<string | undefined>((resolve) => {
      listener.on('notification', ({ payload }) => {
        if (payload?.startsWith('cancel')) resolve(payload);
      });
    });
    await api.worker.claim(json.id);
    await api.ask(`/v1/runs/${json.id}/cancel`, { method: 'POST' });
    assert.equal(await told, `cancel ${json.id.slice(4)}`);
    await listener.end();

    const { json: done } = await create();
    await api.worker.succeed(done.id, echoPlan('a'), { say: { text: 'a' } });
    const late = await api.ask(`/v1/runs/${done.id}/cancel`, { method: 'POST' });
    assert.equal(late.status, 409);
    assert.equal(late.json.code, 'run_finished');
  });

  test('rate limit and request id are told, and the caller may name the request', async () => {
    const told = await api.ask('/v1/runs', { headers: { 'x-request-id': 'mine-1' } });
    assert.equal(told.headers.get('x-request-id'), 'mine-1');
    const other = await api.ask('/v1/runs/run_x', { headers: { 'x-request-id': 'bad id\u00e9' } });
    assert.match(other.json.requestId, /^req_[0-9a-f-]{36}$/);
    assert.match(told.headers.get('ratelimit') ?? '', /^"default";r=\d+;t=\d+$/);
  });
});

const two = {
  version: 1,
  steps: [
    { key: 'a', skill: 'echo', input: { text: '1' } },
    { key: 'b', skill: 'echo', input: { text: '2' } },
  ],
};
