import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { echoPlan, startTestApi, type TestApi } from '../api.fixture.ts';

describe('pauses over HTTP', () => {
  let api: TestApi;
  before(async () => {
    api = await startTestApi();
  });
  after(() => api[Symbol.asyncDispose]());

  const post = (path: string, json: object = {}, key = api.key) => api.ask(path, { json, key });
  const act = (id: string, verb: string, key = api.key) =>
    api.ask(`/v1/runs/${id}/${verb}`, { method: 'POST', key });
  const newRun = async (key = api.key): Promise<string> =>
    (await post('/v1/runs', { goal: 'Say it', plan: echoPlan('a') }, key)).json.id;
  const why = async (id: string, key = api.key) =>
    (await api.ask(`/v1/runs/${id}/why`, { key })).json.reasons as {
      code: string;
      detail: string;
      by?: string;
      since?: string;
    }[];

  test('a run is paused and resumed, twice as well as once, and says by whom', async () => {
    const id = await newRun();
    for (let n = 0; n < 2; n++) {
      const { status, json } = await act(id, 'pause');
      assert.equal(status, 200);
      assert.deepEqual(
        [json.status, json.waitingFor, json.pauseRequestedBy],
        ['waiting', 'pause', 'tester'],
      );
      assert.ok(json.pauseRequestedAt);
    }
    const [reason, ...more] = await why(id);
    assert.deepEqual([reason?.code, reason?.by], ['paused', 'tester']);
    assert.deepEqual(
      more.map(({ code }) => code),
      ['no_live_worker'],
    );
    assert.match(reason?.detail ?? '', /tester paused the run/);
    for (let n = 0; n < 2; n++) {
      const { json } = await act(id, 'resume');
      assert.deepEqual([json.status, json.pauseRequestedAt], ['queued', null]);
    }
    await api.worker.succeed(id, echoPlan('a'), { say: { text: 'a' } });
    for (const verb of ['pause', 'resume']) {
      const { status, json } = await act(id, verb);
      assert.deepEqual([status, json.code], [409, 'run_finished']);
    }
  });

  test('a paused run can be cancelled', async () => {
    const id = await newRun();
    await act(id, 'pause');
    assert.equal((await act(id, 'cancel')).json.status, 'queued', 'a worker will do it');
    const claim = await api.worker.claim(id);
    assert.equal(claim.run.cancelledBy, 'tester');
  });

  test('nobody pauses the run of another tenant, nor what is not theirs', async () => {
    const id = await newRun();
    for (const verb of ['pause', 'resume']) {
      assert.equal((await act(id, verb, api.otherKey)).status, 404);
    }
    for (const path of ['/admin/pause', '/admin/resume']) {
      for (const body of [{ scope: 'everything' }, { scope: 'tenant', name: 'default' }]) {
        const { status, json } = await post(path, { ...body, reason: 'x' }, api.otherKey);
        assert.equal(status, 403, json.detail);
        assert.match(json.detail, /tenant default/);
      }
    }
    const share = await post('/admin/shares', { tenant: 'other', weight: 2 }, api.otherKey);
    assert.equal(share.status, 403);
    const weak = await api.newKey({ scopes: ['runs:write'] });
    assert.equal(
      (await post('/admin/pause', { scope: 'everything', reason: 'x' }, weak)).status,
      403,
    );
  });

  test('a pause without a reason or a name is refused, naming the place', async () => {
    const cases = [
      [{ scope: 'agent', reason: 'x' }, '#/name'],
      [{ scope: 'everything', name: 'x', reason: 'x' }, '#/name'],
      [{ scope: 'everything' }, '#'],
      [{ scope: 'everything', reason: ' ' }, '#/reason'],
      [{ scope: 'planet', reason: 'x' }, '#/scope'],
    ] as const;
    for (const [body, pointer] of cases) {
      const { status, json } = await post('/admin/pause', body);
      assert.equal(status, 422);
      assert.equal(json.errors[0].pointer, pointer, JSON.stringify(body));
    }
    for (const [scope, name] of [
      ['tenant', 'nobody'],
      ['tenant', 'No tenant!'],
      ['agent', 'nobody'],
      ['skill', 'magic'],
    ]) {
      const { status, json } = await post('/admin/pause', { scope, name, reason: 'x' });
      assert.equal(status, 422);
      assert.match(json.detail, new RegExp(`#/name names no ${scope}`));
    }
  });

  test('each scope is told wherever it bites, and to nobody else', async () => {
    const own = await newRun();
    const theirs = await newRun(api.otherKey);
    const cases = [
      [{ scope: 'agent', name: 'default' }, api.otherKey, [false, true]],
      [{ scope: 'tenant' }, api.otherKey, [false, true]],
      [{ scope: 'tenant', name: 'other' }, api.key, [false, true]],
      [{ scope: 'everything' }, api.key, [true, true]],
    ] as const;
    for (const [body, key, bites] of cases) {
      const made = await post('/admin/pause', { ...body, reason: 'A fire.' }, key);
      assert.equal(made.status, 200, made.text);
      assert.equal(made.json.reason, 'A fire.');
      const again = await post('/admin/pause', { ...body, reason: 'Another.' }, key);
      assert.deepEqual(again.json, made.json, 'the first one stands');
      const [mine, others] = [await why(own), await why(theirs, api.otherKey)];
      const told = [mine, others].map((reasons) => reasons.some(({ code }) => code === 'paused'));
      assert.deepEqual(told, bites, JSON.stringify(body));
      assert.ok(others.some(({ detail }) => /A fire\./.test(detail)));
      const list = await api.ask('/admin/pauses', { key: api.otherKey });
      assert.equal(list.json.items.length, 1);
      assert.deepEqual((await post('/admin/resume', body, key)).json, { resumed: true });
      assert.deepEqual((await post('/admin/resume', body, key)).json, { resumed: false });
    }
    assert.ok((await why(own)).every(({ code }) => code !== 'paused'));
  });

  test('the priority of a queued run can be changed, and it moves', async () => {
    const first = await newRun();
    const second = await newRun();
    const raised = await post(`/v1/runs/${second}/priority`, { priority: 50 });
    assert.deepEqual([raised.status, raised.json.priority], [200, 50]);
    const jobs = await api.owner.query<{ id: string }>(
      `select id from pgboss.job where name = 'runs' and id = any ($1::uuid[]) and state = 'created'
        order by priority desc, created_on`,
      [[first, second].map((id) => id.slice(4))],
    );
    assert.deepEqual(
      jobs.map(({ id }) => `run_${id}`),
      [second, first],
    );
    assert.equal((await post(`/v1/runs/${second}/priority`, { priority: 101 })).status, 422);
    assert.equal(
      (await post(`/v1/runs/${second}/priority`, { priority: 1 }, api.otherKey)).status,
      404,
    );
  });

  test('why tells of shares, of places among all tenants, and of workers that take no more', async () => {
    for (let n = 0; n < 5; n++) await newRun();
    await newRun(api.otherKey);
    const last = await newRun();
    assert.deepEqual((await post('/admin/shares', { tenant: 'default', weight: 0.5 })).json, {
      tenant: 'default',
      weight: 0.5,
    });
    assert.equal((await post('/admin/shares', { tenant: 'nobody', weight: 1 })).status, 422);
    await api.worker.live();
    await api.owner.query(`update aos.workers set gated = 'it has 9000 MB in memory'`);
    let reasons = await why(last);
    while (!reasons.some(({ detail }) => /its part is 33 %/.test(detail))) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      reasons = await why(last);
    }
    assert.deepEqual(
      reasons.map(({ code }) => code),
      ['workers_gated', 'tenant_over_share', 'queued_behind'],
    );
    assert.match(reasons[0]?.detail ?? '', /1 of 1 workers take no new runs now: it has 9000 MB/);
  });
});
