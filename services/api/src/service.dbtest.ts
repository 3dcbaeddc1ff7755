import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { createDatabase } from '@aos/store';
import { createLogger, createMetrics } from '@aos/telemetry';

import { startApi } from './api.ts';
import { ask, document, echoPlan, startTestApi, type TestApi } from './api.fixture.ts';

describe('the service itself', { concurrency: false }, () => {
  let api: TestApi;
  before(async () => {
    api = await startTestApi();
  });
  after(() => api[Symbol.asyncDispose]());

  const open = (path: string) => ask(api.url, path, {});
  /** The last line of a request, once it is there. */
  const lineOf = async (requestId: string): Promise<Record<string, unknown>> => {
    const found = () =>
      api
        .log()
        .split('\n')
        .findLast((text) => text.includes(`"requestId":"${requestId}"`));
    await until(async () => found() !== undefined);
    return JSON.parse(found() ?? '') as Record<string, unknown>;
  };
  const status = async (path: string) => (await open(path)).status;

  test('without its database it is alive but not ready within 2 s, answers 503, and comes back', async () => {
    assert.deepEqual([await status('/readyz'), await status('/livez')], [200, 200]);
    for (const lose of [() => api.way.down(), () => api.way.hang()]) {
      lose();
      const began = performance.now();
      const ready = await open('/readyz');
      assert.equal(ready.status, 503);
      assert.ok(performance.now() - began < 2_000);
      assert.equal(ready.json.code, 'database_unavailable');
      assert.equal(await status('/livez'), 200);
      api.way.up();
      await until(async () => (await status('/readyz')) === 200);
    }
    api.way.down();
    const told = await api.ask('/v1/runs', { json: { goal: 'x', plan: echoPlan('a') } });
    assert.equal(told.status, 503);
    assert.equal(told.json.code, 'database_unavailable');
    assert.match(told.headers.get('retry-after') ?? '', /^\d+$/);
    assert.doesNotMatch(told.text, /ECONN|127\.0\.0\.1/);
    assert.equal((await open('/metrics')).status, 200);
    api.way.up();
    await until(async () => (await api.ask('/v1/runs')).status === 200);
  });

  test('exactly one replica exports what the database knows, and another takes over', async () => {
    const database = createDatabase({
      url: api.way.url,
      role: 'aos_api',
      applicationName: 'aos-api-2',
    });
    const second = await startApi({
      host: '127.0.0.1',
      port: 0,
      database,
      log: createLogger({ service: 'api', level: 'error', write: () => {} }),
      metrics: createMetrics({ service: 'api', version: '0.0.0' }),
      settings: {
        version: '0.0.0',
        environment: 'development',
        modelConfigured: false,
        admission: {
          queueDepthMax: 100,
          tenantQueueDepthMax: 100,
          queueAgeMaxS: 100,
          databaseLatencyMaxMs: 10_000,
        },
        agents: [],
        plan: async () => assert.fail(),
      },
    });
    const urls = [api.url, `http://127.0.0.1:${second.port}`];
    const exporters = async () => {
      const told = await Promise.all(urls.map((url) => ask(url, '/metrics', {})));
      const count = told.filter(({ text }) => /^nova_runs_queued \d+$/m.test(text)).length;
      assert.ok(count <= 1, 'never both');
      return count;
    };
    /** Both have asked for the lock, so that each would export if it could. */
    const bothAsked = async () => {
      const rows = await api.owner.query(
        `select from pg_stat_activity
          where application_name like 'aos-api%' and query like '% as held'
            and datname = current_database()`,
      );
      return rows.length === 2;
    };
    try {
      await until(bothAsked);
      await until(async () => (await exporters()) === 1);
      // All connections are cut: whoever gets the lock then is the one.
      api.way.down();
      assert.equal(await exporters(), 0);
      api.way.up();
      await until(bothAsked);
      await until(async () => (await exporters()) === 1);
    } finally {
      await second.stop();
      await database.close();
    }
    await until(only);
  });

  const only = async () => /^nova_runs_queued \d+$/m.test((await open('/metrics')).text);

  test('metrics follow the database', async () => {
    await until(only);
    const value = async (name: string) =>
      Number(new RegExp(`^${name} (\\S+)$`, 'm').exec((await open('/metrics')).text)?.[1]);
    const queued = await value('nova_runs_queued');
    const { json } = await api.ask('/v1/runs', { json: { goal: 'x', plan: echoPlan('a') } });
    await until(async () => (await value('nova_runs_queued')) === queued + 1);
    await api.worker.succeed(json.id, echoPlan('a'), { say: { text: 'a' } });
    await until(
      async () => (await value('nova_runs_total\\{status="succeeded",planner="static"\\}')) === 1,
    );
    assert.equal(await value('nova_skill_attempts_total\\{skill="echo"\\}'), 1);
    assert.equal(await value('nova_runs_failed_total'), 0);
    assert.equal(await value('nova_worker_pool_size'), 10);
    const { text } = await open('/metrics');
    assert.match(
      text,
      /nova_http_requests_total\{method="POST",route="\/v1\/runs",status="202"\} 1/,
    );
    assert.doesNotMatch(text, /run_[0-9a-f]{8}|key_[0-9a-f]{8}/);
  });

  test('the document is served as it is, and its page loads nothing from elsewhere', async () => {
    assert.deepEqual((await open('/openapi.json')).json, document);
    const page = await open('/docs');
    const policy = page.headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'none'; script-src 'self';/);
    assert.doesNotMatch(policy, /unsafe-eval|script-src[^;]*unsafe-inline|https?:/);
    const links = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link = '']) => link);
    for (const link of links.filter((one) => one !== 'data:,')) {
      assert.match(link, /^\/docs\//);
      const file = await open(link);
      assert.equal(file.status, 200, link);
      assert.ok(file.text.length > 50);
    }
    assert.doesNotMatch(page.text, /<script>|style=|onload=/);
  });

  test('every answer carries the headers that keep browsers calm', async () => {
    for (const path of ['/livez', '/v1/runs', '/nothing', '/openapi.json']) {
      const { headers } = await open(path);
      assert.match(headers.get('content-security-policy') ?? '', /^default-src 'none'/, path);
      assert.equal(headers.get('x-content-type-options'), 'nosniff');
      assert.equal(headers.get('x-powered-by'), null);
      assert.equal(headers.get('access-control-allow-origin'), null);
      assert.match(headers.get('x-request-id') ?? '', /^req_/);
    }
  });

  test('log lines name route, tenant and trace, and never a key, a goal or a path', async () => {
    const trace = '0af7651916cd43dd8448eb211c80319c';
    await api.ask('/v1/runs', {
      json: { goal: 'a secret wish', plan: echoPlan('a') },
      headers: { traceparent: `00-${trace}-b7ad6b7169203331-01`, 'x-request-id': 'traced' },
    });
    const { event, route, status: answered, tenant, traceId } = await lineOf('traced');
    assert.deepEqual(
      { event, route, answered, tenant, traceId },
      {
        event: 'http.answered',
        route: '/v1/runs',
        answered: 202,
        tenant: 'default',
        traceId: trace,
      },
    );
    assert.doesNotMatch(api.log(), /secret wish/);
    assert.ok(!api.log().includes(api.key));
  });

  test("a problem names the trace of its request, as the log does: the caller's, or one of its own", async () => {
    const trace = '0af7651916cd43dd8448eb211c80319c';
    const headers = { traceparent: `00-${trace}-b7ad6b7169203331-00`, 'x-request-id': 'told' };
    for (const [path, key] of [
      ['/v1/runs/run_x', api.key],
      ['/v1/runs', 'wrong'],
      ['/nothing', api.key],
    ] as const) {
      assert.equal((await api.ask(path, { headers, key })).json.traceId, trace);
    }
    assert.equal((await lineOf('told'))['traceId'], trace);
    for (const traceparent of ['', 'nonsense', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`]) {
      const requestId = `own-${traceparent.length}`;
      const { json } = await api.ask('/v1/runs/run_x', {
        headers: { 'x-request-id': requestId, ...(traceparent && { traceparent }) },
      });
      assert.match(json.traceId, /^[0-9a-f]{32}$/);
      assert.equal((await lineOf(requestId))['traceId'], json.traceId);
    }
  });

  test('lines about a run name it, and a run continues the trace of its request or begins one', async () => {
    const asked = { goal: 'x', plan: echoPlan('a') };
    const named = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
    const create = async (requestId: string, more: Record<string, string> = {}) => {
      const headers = { 'x-request-id': requestId, ...more };
      const { id } = (await api.ask('/v1/runs', { json: asked, headers })).json as { id: string };
      const line = await lineOf(requestId);
      assert.equal(line['runId'], id);
      return { id, traceId: line['traceId'] };
    };
    const continued = await create('continues', named);
    const begun = await create('begins');
    assert.equal(continued.traceId, named.traceparent.slice(3, 35));
    assert.equal(begun.traceId, begun.id.slice(4).replaceAll('-', ''));
    const stored = await api.owner.query<{ run: string; traceparent: string | null }>(
      `select 'run_' || run_id as run, traceparent from aos.goals`,
    );
    const of = new Map(stored.map(({ run, traceparent }) => [run, traceparent]));
    assert.deepEqual([of.get(continued.id), of.get(begun.id)], [named.traceparent, null]);
    for (const { id, traceId } of [continued, begun]) {
      const { json } = await api.ask(`/v1/runs/${id}`, { headers: { 'x-request-id': 'reads' } });
      assert.equal(json.traceId, traceId);
    }
    assert.equal((await lineOf('reads'))['runId'], begun.id);
  });

  test('while it stops it says so, and takes no new connections', async () => {
    await using other = await startTestApi();
    const { json } = await other.ask('/v1/runs', { json: { goal: 'x' } });
    assert.ok(json.id);
    await other.api.stop();
    await assert.rejects(ask(other.url, '/livez', {}));
  });
});

async function until(fact: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 15_000;
  while (!(await fact())) {
    assert.ok(Date.now() < end, `It did not happen: ${fact.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
