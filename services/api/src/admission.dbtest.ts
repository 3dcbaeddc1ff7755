import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startTestApi, type TestApi } from './api.fixture.ts';

const generous = {
  queueDepthMax: 1_000,
  tenantQueueDepthMax: 1_000,
  queueAgeMaxS: 1_000_000,
  databaseLatencyMaxMs: 60_000,
};

const post = (api: TestApi, more: object = {}, key = api.key) =>
  api.ask('/v1/runs', { json: { goal: 'Say it', ...more }, key });

async function statuses(asked: Promise<{ status: number }>[]): Promise<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (const { status } of await Promise.all(asked)) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

async function runsStored(api: TestApi): Promise<number> {
  const [row] = await api.owner.query<{ count: number }>(
    `select (select count(*) from aos.runs) + (select count(*) from pgboss.job where name = 'runs')
            + (select count(*) from aos.idempotency_keys) as count`,
  );
  return Number(row?.count);
}

test('a burst passes no limit, not by one; what is refused leaves nothing behind', async () => {
  await using api = await startTestApi({
    admission: { ...generous, queueDepthMax: 20, tenantQueueDepthMax: 12 },
  });
  const burst = Array.from({ length: 60 }, (_, n) => post(api, { priority: n % 2 ? 0 : 5 }));
  assert.deepEqual(await statuses(burst), { 202: 12, 429: 48 });
  const before = await runsStored(api);
  const refused = await api.ask('/v1/runs', {
    json: { goal: 'Say it' },
    headers: { 'idempotency-key': '"k"' },
  });
  assert.equal(refused.status, 429);
  assert.equal(refused.json.code, 'tenant_queue_full');
  assert.match(refused.json.detail, /12 runs queued; it may have 12/);
  assert.ok(Number(refused.headers.get('retry-after')) >= 1);
  assert.ok(Number(refused.headers.get('retry-after')) <= 300);
  assert.ok(refused.headers.get('ratelimit'));

  const others = Array.from({ length: 30 }, () => post(api, {}, api.otherKey));
  assert.deepEqual(await statuses(others), { 202: 8, 503: 22 }, 'all together have 20');
  const overloaded = await post(api, {}, api.otherKey);
  assert.equal(overloaded.json.code, 'overloaded');
  assert.ok(Number(overloaded.headers.get('retry-after')) >= 1);
  assert.equal(await runsStored(api), before + 16, 'eight runs with their jobs, and no more');

  const metrics = await api.ask('/metrics');
  assert.match(metrics.text, /nova_admission_refusals_total\{reason="tenant_depth"\} 49/);
  assert.match(metrics.text, /nova_admission_refusals_total\{reason="depth"\} 23/);
  assert.match(metrics.text, /nova_admission_queue_depth \d+/);
});

test('low priority is refused first; reads and cancels never are, and room is found again', async () => {
  await using api = await startTestApi({ admission: { ...generous, queueDepthMax: 10 } });
  const ids: string[] = [];
  for (let n = 0; n < 8; n++) ids.push((await post(api)).json.id);
  assert.equal((await post(api, { priority: -1 })).status, 503);
  assert.equal((await post(api)).status, 202);
  assert.equal((await post(api, { priority: 100 })).status, 202);
  assert.equal((await post(api, { priority: 100 })).status, 503);
  assert.equal((await api.ask('/v1/runs')).status, 200);
  const cancelled = await api.ask(`/v1/runs/${ids[0]}/cancel`, { method: 'POST' });
  assert.equal(cancelled.status, 200);
  for (const id of ids.slice(0, 3)) await api.worker.claim(id).catch(() => {});
  await api.owner.query(
    `update aos.runs set status = 'waiting', worker_id = null, waiting_for = 'retry' where status = 'running'`,
  );
  while ((await post(api)).status !== 202) await new Promise((resolve) => setTimeout(resolve, 100));
});

/** The requests before it hang, as the database does. */
function firstOverloaded(api: TestApi): Promise<Awaited<ReturnType<typeof post>>> {
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      void post(api).then((told) => {
        if (told.json.code !== 'overloaded') return;
        clearInterval(timer);
        resolve(told);
      });
    }, 100);
  });
}

test('an old queue that is not paused and a slow database refuse, and say when to come back', async () => {
  await using api = await startTestApi({ admission: { ...generous, queueAgeMaxS: 60 } });
  await post(api);
  await api.owner.query(`update aos.runs set created_at = now() - interval '2 minutes'`);
  let told = await post(api);
  for (; told.status !== 503; told = await post(api)) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.match(told.json.detail, /oldest run has waited 1\d\d s/);
  assert.ok(Number(told.headers.get('retry-after')) >= 1);

  await api.ask('/admin/pause', { json: { scope: 'everything', reason: 'A test.' } });
  while ((await post(api)).status !== 202) await new Promise((resolve) => setTimeout(resolve, 100));

  await using slow = await startTestApi({
    admission: { ...generous, databaseLatencyMaxMs: 1_000 },
  });
  while ((await post(slow)).status !== 202)
    await new Promise((resolve) => setTimeout(resolve, 200));
  slow.way.hang();
  const late = await firstOverloaded(slow);
  assert.equal(late.status, 503);
  assert.match(late.json.detail, /database takes \d+ ms/);
  slow.way.up();
  while ((await post(slow)).status !== 202)
    await new Promise((resolve) => setTimeout(resolve, 200));
});

test('a refusal asks nobody: a thousand of them in a row take no query', async () => {
  await using api = await startTestApi({
    requestsPerSecond: 10_000,
    admission: { ...generous, queueDepthMax: 1 },
  });
  assert.equal((await post(api)).status, 202);
  assert.equal((await post(api)).status, 503);
  const commits = async () => {
    const [row] = await api.owner.query<{ commits: string }>(
      `select xact_commit as commits from pg_stat_database where datname = current_database()`,
    );
    return Number(row?.commits);
  };
  const before = await commits();
  const times: number[] = [];
  for (let n = 0; n < 1_000; n++) {
    const begun = performance.now();
    assert.equal((await post(api)).status, 503);
    times.push(performance.now() - begun);
  }
  const took = (await commits()) - before;
  assert.ok(took < 500, `${took} transactions, of those that look by the second`);
  const median = times.toSorted((a, b) => a - b)[500] ?? 0;
  assert.ok(median < 50, `${median} ms`);
});
