import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { apiKeys } from '@aos/store';

import { ask, echoPlan, routes, startTestApi, type TestApi, type Told } from './api.fixture.ts';
import type { Route } from './route.ts';

const bodyOf = ({ path, body }: Route) => {
  if (!body) return {};
  if (path.endsWith('/rerun')) return { json: { mode: 'replay', reason: 'again' } };
  if (path.endsWith('/decision')) return { json: { decision: 'approve' } };
  if (path.endsWith('/priority')) return { json: { priority: 1 } };
  if (path.endsWith('/cases/:id')) return { json: { state: 'muted' } };
  if (path.endsWith('/abort')) return { json: { reason: 'again' } };
  if (path.endsWith('/secret')) return { json: {} };
  if (path.endsWith('/redeliver')) return { json: { from: '2026-01-01T00:00:00Z' } };
  if (path.includes('webhooks')) return { json: { url: 'https://example.org/' } };
  if (path.endsWith('/ack')) return { json: { after: HANDED } };
  if (path.endsWith('/reset')) return { json: { from: 'start', reason: 'again' } };
  if (path.includes('consumers')) return { json: { name: 'mine' } };
  if (path.includes('/cases/')) return { json: { note: 'Taken.' } };
  if (path.endsWith('/abort')) return { json: { reason: 'Taken.' } };
  if (path.includes('agents')) return { json: { name: 'mine', description: 'Taken.' } };
  return { json: { goal: 'x', plan: echoPlan('a') } };
};
/** What a member of a consumer could have been handed: part 0 of its first lease. */
const HANDED = Buffer.from(
  JSON.stringify(['0', '1', '1', '5', '01a209b7-0000-7a98-b4dc-000000000000', '0']),
).toString('base64url');
const blank = (told: Told) => told.text.replaceAll(/"(?:request|trace)Id":"[^"]*"/g, '');

describe('who may do what', { concurrency: false }, () => {
  let api: TestApi;
  let runId = '';
  let approvalId = '';
  let webhookId = '';
  let deliveryId = '';
  before(async () => {
    api = await startTestApi();
    const made = await api.ask('/v1/runs', { json: { goal: 'x', plan: echoPlan('a') } });
    runId = made.json.id;
    approvalId = await openApproval(api, runId);
    await api.ask('/v1/agents', { json: { name: 'mine', description: 'Ours alone.' } });
    await api.ask('/v1/consumers', { json: { name: 'mine' } });
    const hook = await api.ask('/v1/webhooks', { json: { url: 'https://example.org/' } });
    webhookId = hook.json.id;
    deliveryId = (await api.ask(`/v1/webhooks/${webhookId}/ping`, { method: 'POST' })).json.id;
  });
  after(() => api[Symbol.asyncDispose]());

  const guarded = routes.filter(({ access }) => access !== 'public');
  const ours = () => ({
    run: runId,
    approval: approvalId,
    name: 'mine',
    webhook: webhookId,
    delivery: deliveryId,
  });
  const pathOf = ({ path }: Route, ids = ours()) =>
    path
      .replace('/webhooks/:id', `/webhooks/${ids.webhook}`)
      .replace(':deliveryId', ids.delivery)
      .replace('/approvals/:id', `/approvals/${ids.approval}`)
      .replace(':id', ids.run)
      .replace('*name', 'report.json')
      .replace(':name', ids.name);
  const call = (route: Route, key: string | undefined, path = pathOf(route)) =>
    ask(api.url, path, {
      method: route.method.toUpperCase(),
      ...(key !== undefined && { key }),
      headers: { 'if-match': '"1"' },
      ...bodyOf(route),
    });

  test('without a key every route but the public ones answers 401, unknown paths too', async () => {
    for (const route of guarded) {
      const told = await call(route, undefined);
      assert.equal(told.status, 401, `${route.method} ${route.path}`);
      assert.equal(told.json.code, 'unauthenticated');
      assert.equal(told.headers.get('www-authenticate'), 'Bearer realm="aos"');
    }
    for (const path of ['/', '/v1', '/v1/nothing', '/admin/nothing', '/healthz']) {
      assert.equal((await ask(api.url, path, {})).status, 401, path);
      assert.equal((await ask(api.url, path, { key: api.key })).status, 404, path);
    }
  });

  test('a path that only looks public is none', async () => {
    for (const path of [
      '/v1/runs/livez',
      '/v1/runs/metrics',
      '/v1/runs/x/..;/livez',
      '/v1/agents/readyz',
      '//v1/runs',
      '/V1/runs',
      '/LIVEZ',
      '/livez/',
      '/livez/x',
      '/v1/runs%2f..%2flivez',
      '/docs/..%2f..%2fpackage.json',
      '/docs/%2e%2e/v1/runs',
      '/v1/runs/%ff',
    ]) {
      const told = await ask(api.url, path, {});
      assert.equal(told.status, 401, `${path}: ${told.text}`);
    }
  });

  test('a key that is expired, revoked, wrong at its end, of another form, or in the query opens nothing', async () => {
    const expired = await api.newKey({ expiresAt: new Date(Date.now() - 1000) });
    const revoked = await api.newKey({ name: 'revoked' });
    await apiKeys.revoke(api.owner, apiKeys.parse(revoked)?.id ?? '');
    const last = api.key.endsWith('A') ? 'B' : 'A';
    const keys = [
      expired,
      revoked,
      api.key.slice(0, -1) + last,
      api.key.slice(0, -1),
      `${api.key}A`,
      api.key.toUpperCase(),
      `aos_${'0'.repeat(32)}_${'A'.repeat(43)}`,
      'none',
      'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.',
      'A'.repeat(8000),
    ];
    for (const key of keys) {
      assert.equal((await ask(api.url, '/v1/runs', { key })).status, 401, key.slice(0, 60));
    }
    for (const headers of [
      { authorization: `Basic ${btoa(`x:${api.key}`)}` },
      { authorization: api.key },
      { 'x-api-key': api.key },
    ] as Record<string, string>[]) {
      assert.equal((await ask(api.url, '/v1/runs', { headers })).status, 401);
    }
    assert.equal((await ask(api.url, `/v1/runs?key=${api.key}`, {})).status, 401);
  });

  test('a revoked key stops opening doors within 5 seconds', async () => {
    const key = await api.newKey({ name: 'soon' });
    assert.equal((await ask(api.url, '/v1/runs', { key })).status, 200);
    await apiKeys.revoke(api.owner, apiKeys.parse(key)?.id ?? '');
    const until = Date.now() + 5_500;
    let { status } = await ask(api.url, '/v1/runs', { key });
    while (status === 200 && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      ({ status } = await ask(api.url, '/v1/runs', { key }));
    }
    assert.equal(status, 401);
  });

  test('a key with every scope but the one of the route gets 403', async () => {
    for (const route of guarded) {
      const scopes = apiKeys.scopes.filter((scope) => scope !== route.access && scope !== 'admin');
      const told = await call(route, await api.newKey({ scopes }));
      assert.equal(told.status, 403, `${route.method} ${route.path}: ${told.text}`);
      assert.equal(told.json.code, 'forbidden');
    }
  });

  test('what belongs to another tenant looks like what does not exist', async () => {
    const nowhere = {
      run: 'run_01a209b7-0000-7a98-b4dc-000000000000',
      approval: 'apr_01a209b7-0000-7a98-b4dc-000000000000',
      name: 'nobody',
      webhook: 'whk_01a209b7-0000-7a98-b4dc-000000000000',
      delivery: 'dlv_01a209b7-0000-7a98-b4dc-000000000000',
    };
    for (const route of guarded) {
      if (!route.params || route.path.startsWith('/v1/skills')) continue;
      if (route.method === 'put') continue; // Its body names the agent: see the agents' own tests.
      const theirs = await call(route, api.otherKey);
      const none = await call(route, api.otherKey, pathOf(route, nowhere));
      assert.equal(theirs.status, 404, `${route.method} ${route.path}: ${theirs.text}`);
      assert.equal(blank(theirs), blank(none), `${route.method} ${route.path}`);
    }
    const { json: list } = await ask(api.url, '/v1/runs', { key: api.otherKey });
    assert.deepEqual(list.items, []);
    const { json: open } = await ask(api.url, '/v1/approvals', { key: api.otherKey });
    assert.deepEqual(open.items, []);
    const parent = await ask(api.url, '/v1/runs', {
      key: api.otherKey,
      json: { goal: 'x', plan: echoPlan('a'), parentRunId: runId },
    });
    assert.equal(parent.status, 404, parent.text);
  });

  test('a method that a route does not know gets 405 with those it knows', async () => {
    const told = await api.ask('/v1/runs', { method: 'DELETE' });
    assert.equal(told.status, 405);
    assert.equal(told.headers.get('allow'), 'POST, GET, HEAD');
    assert.equal((await api.ask('/v1/runs', { method: 'OPTIONS' })).status, 405);
    assert.equal((await ask(api.url, '/livez', { method: 'POST', body: '' })).status, 405);
    assert.equal((await ask(api.url, '/v1/runs', { method: 'PATCH' })).status, 401);
    const overridden = await api.ask('/v1/runs', {
      headers: { 'x-http-method-override': 'DELETE' },
    });
    assert.equal(overridden.status, 200);
  });

  test('too many requests of one key get 429 with the time to come back, those of others pass', async () => {
    await using small = await startTestApi({ requestsPerSecond: 1 });
    const answers: Told[] = [];
    for (let n = 0; n < 12; n++) answers.push(await small.ask('/v1/skills'));
    const [first] = answers;
    assert.equal(first?.headers.get('ratelimit-policy'), '"default";q=10;w=10');
    assert.match(first?.headers.get('ratelimit') ?? '', /^"default";r=9;t=\d+$/);
    const refused = answers.filter(({ status }) => status === 429);
    assert.equal(refused.length, 2);
    assert.match(refused[0]?.headers.get('retry-after') ?? '', /^([1-9]|10)$/);
    assert.equal(refused[0]?.json.code, 'rate_limited');
    assert.equal((await small.ask('/v1/skills', { key: small.otherKey })).status, 200);
  });
});

async function openApproval(api: TestApi, runId: string): Promise<string> {
  const claim = await api.worker.claim(runId);
  const id = 'apr_01a209b7-7824-7a98-b4dc-b4d5dc2351b7';
  await api.worker.commit(claim, {
    events: [{ type: 'approval.requested', step: 'say', approvalId: id, kind: 'step' }],
    approvals: [
      {
        id,
        stepKey: 'say',
        kind: 'step',
        reason: 'Look.',
        skill: 'echo',
        input: {},
        inputHash: 'x',
      },
    ],
    next: { status: 'waiting', waitingFor: 'approval' },
  });
  return id;
}
