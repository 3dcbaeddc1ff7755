import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import type { DatabaseFacts } from './database-facts.ts';
import { metricTable } from './metric-table.ts';
import { createMetrics } from './metrics.ts';

const facts: DatabaseFacts = {
  runs: [
    { outcome: 'succeeded', planner: 'rules', count: 7 },
    { outcome: 'failed', planner: 'claude', count: 2 },
  ],
  skillAttempts: [{ skill: 'http_request', count: 9 }],
  runsFailed: 2,
  runsQueued: 3,
  runsReady: 2,
  runsWaiting: 4,
  queueAgeSeconds: 1.5,
  approvalsOpen: 5,
  deadLetters: { open: 6, redriving: 7 },
  casesOpen: 8,
  operationsRunning: 9,
  workersLive: 2,
  workerPoolSize: 400,
  log: {
    horizonAgeSeconds: 0.5,
    lag: { consumers: { seconds: 6, events: 60 }, webhooks: { seconds: 7, events: 70 } },
    deliveries: { pending: 8, dead: 9 },
    partsHeld: 1,
    partsAhead: 3,
  },
  alerts: {
    approvalAgeSeconds: 90,
    runsOrphaned: 1,
    runIdleSeconds: 12.5,
    workersLost: 4,
    scrapeTargets: { api: 2, worker: 3 },
    walBytes: 5_000,
    walMaxBytes: 9_000,
    databaseBytes: 7_000,
  },
  targetsOpen: 6,
  stepsParked: 312,
  parkedAgeSeconds: 480,
  workersDesired: 8,
};

test('each service exports exactly its metrics', async () => {
  for (const service of ['api', 'worker'] as const) {
    const metrics = createMetrics({ service, version: '1.2.3' });
    if (service === 'api') metrics.readFrom(async () => facts);
    const told = new Set(
      [...(await metrics.exposition()).matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(
        ([, name, type]) => `${name} ${type}`,
      ),
    );
    const expected = Object.values(metricTable)
      .filter(({ services }) => (services as readonly string[]).includes(service))
      .map(({ name, type }) => `${name} ${type}`);
    assert.deepEqual(told, new Set(expected));
  }
});

test('the duration of skills has buckets from 5 ms to 10 minutes', async () => {
  const metrics = createMetrics({ service: 'worker', version: '1' });
  metrics.skillDuration.observe({ skill: 'browser' }, 599);
  metrics.skillDuration.observe({ skill: 'browser' }, 0.004);
  const text = await metrics.exposition();
  assert.equal(value(text, 'nova_skill_duration_seconds_bucket{le="0.005",skill="browser"}'), 1);
  assert.equal(value(text, 'nova_skill_duration_seconds_bucket{le="300",skill="browser"}'), 1);
  assert.equal(value(text, 'nova_skill_duration_seconds_bucket{le="600",skill="browser"}'), 2);
  assert.equal(value(text, 'nova_skill_duration_seconds_sum{skill="browser"}'), 599.004);
});

test('the exporter tells what the database knows, with a zero for every known kind of run', async () => {
  const metrics = createMetrics({ service: 'api', version: '1' });
  metrics.readFrom(async () => facts);
  await metrics.exposition();
  const text = await metrics.exposition();
  assert.equal(value(text, 'nova_runs_total{status="succeeded",planner="rules"}'), 7);
  assert.equal(value(text, 'nova_runs_total{status="failed",planner="claude"}'), 2);
  assert.equal(value(text, 'nova_runs_total{status="cancelled",planner="static"}'), 0);
  assert.equal(text.match(/^nova_runs_total\{/gm)?.length, 12);
  assert.equal(value(text, 'nova_event_lag_seconds{reader="consumers"}'), 6);
  assert.equal(value(text, 'nova_event_lag_events{reader="webhooks"}'), 70);
  assert.equal(value(text, 'nova_webhook_deliveries{state="dead"}'), 9);
  assert.equal(value(text, 'nova_event_horizon_age_seconds'), 0.5);
  assert.equal(value(text, 'nova_event_parts_held'), 1);
  assert.equal(value(text, 'nova_event_parts_ahead'), 3);
  assert.equal(value(text, 'nova_skill_attempts_total{skill="http_request"}'), 9);
  assert.equal(value(text, 'nova_runs_failed_total'), 2);
  assert.equal(value(text, 'nova_runs_queued'), 3);
  assert.equal(value(text, 'nova_runs_waiting'), 4);
  assert.equal(value(text, 'nova_runs_ready'), 2);
  assert.equal(value(text, 'nova_approval_age_seconds'), 90);
  assert.equal(value(text, 'nova_runs_orphaned'), 1);
  assert.equal(value(text, 'nova_run_idle_seconds'), 12.5);
  assert.equal(value(text, 'nova_workers_lost'), 4);
  assert.equal(value(text, 'nova_scrape_targets{service="worker"}'), 3);
  assert.equal(value(text, 'nova_wal_bytes'), 5000);
  assert.equal(value(text, 'nova_wal_max_bytes'), 9000);
  assert.equal(value(text, 'nova_database_bytes'), 7000);
  assert.equal(value(text, 'nova_queue_age_seconds'), 1.5);
  assert.equal(value(text, 'nova_approvals_open'), 5);
  assert.equal(value(text, 'nova_dead_letters{state="open"}'), 6);
  assert.equal(value(text, 'nova_dead_letters{state="redriving"}'), 7);
  assert.equal(value(text, 'nova_cases_open'), 8);
  assert.equal(value(text, 'nova_operations_running'), 9);
  assert.equal(value(text, 'nova_workers_live'), 2);
  assert.equal(value(text, 'nova_worker_pool_size'), 400);
  assert.equal(value(text, 'nova_targets_open'), 6);
  assert.equal(value(text, 'nova_steps_parked'), 312);
  assert.equal(value(text, 'nova_parked_age_seconds'), 480);
  assert.equal(value(text, 'nova_workers_desired'), 8);
});

test('a database that does not tell the size of its log takes only that away', async () => {
  const metrics = createMetrics({ service: 'api', version: '1' });
  const alerts = { ...facts.alerts, walBytes: undefined };
  metrics.readFrom(async () => ({ ...facts, alerts }));
  const text = await metrics.exposition();
  assert.doesNotMatch(text, /nova_wal_bytes/);
  assert.equal(value(text, 'nova_wal_max_bytes'), 9000);
});

test('the disks are told, and one that is not there is left out', async () => {
  const disks = { home: import.meta.dirname, gone: `${import.meta.dirname}/gone` };
  const metrics = createMetrics({ service: 'worker', version: '1', disks });
  let text = '';
  while (!text.includes('disk="home"')) {
    await sleep(5);
    text = await metrics.exposition();
  }
  for (const disk of ['work', 'tmp', 'home']) {
    const free = value(text, `nova_disk_free_bytes{disk="${disk}"}`);
    assert.ok(free >= 0 && free <= value(text, `nova_disk_size_bytes{disk="${disk}"}`), disk);
  }
  assert.doesNotMatch(text, /disk="gone"/);
});

test('a replica that is not the exporter tells nothing of the installation', async () => {
  const metrics = createMetrics({ service: 'api', version: '1' });
  metrics.readFrom(async () => undefined);
  const text = await metrics.exposition();
  assert.doesNotMatch(text, /nova_runs_total|nova_worker_pool_size/);
  assert.match(text, /nova_build_info/);
});

test('a database that fails or hangs takes only its own series away', async () => {
  const metrics = createMetrics({ service: 'api', version: '1', sourceTimeoutMs: 50 });
  metrics.readFrom(() => Promise.reject(new Error('down')));
  assert.doesNotMatch(await metrics.exposition(), /nova_runs_queued/);
  metrics.readFrom(() => new Promise(() => {}));
  const text = await metrics.exposition();
  assert.doesNotMatch(text, /nova_runs_queued/);
  assert.match(text, /nova_http_requests_total/);
});

test('the two hundred and first value of a label becomes other', async () => {
  const metrics = createMetrics({ service: 'api', version: '1' });
  for (let i = 0; i < 300; i++) {
    metrics.httpRequests.inc({ method: 'GET', route: `/r/${i}`, status: '200' });
  }
  metrics.httpRequests.inc({ method: 'GET', route: '/r/0', status: '200' });
  const text = await metrics.exposition();
  const of = (route: string) =>
    value(text, `nova_http_requests_total{method="GET",route="${route}",status="200"}`);
  assert.equal(text.match(/^nova_http_requests_total\{/gm)?.length, 201);
  assert.equal(of('other'), 100);
  assert.equal(of('/r/0'), 2);
  assert.equal(of('/r/199'), 1);
});

test('a blocked event loop shows as lag, and only until the next scrape', async () => {
  const metrics = createMetrics({ service: 'worker', version: '1' });
  await sleep(50);
  const until = Date.now() + 200;
  while (Date.now() < until);
  await sleep(20);
  assert.ok(value(await metrics.exposition(), 'nova_event_loop_lag_seconds') > 0.1);
  await sleep(100);
  assert.ok(value(await metrics.exposition(), 'nova_event_loop_lag_seconds') < 0.1);
});

test('gauges that are read are read at each scrape', async () => {
  const metrics = createMetrics({ service: 'worker', version: '1' });
  let idle = 0;
  metrics.beforeScrape(() => metrics.dbPoolConnections.set({ state: 'idle' }, ++idle));
  await metrics.exposition();
  assert.equal(value(await metrics.exposition(), 'nova_db_pool_connections{state="idle"}'), 2);
});

test('the process is told: memory, processor time and version', async () => {
  const metrics = createMetrics({ service: 'worker', version: '1.2.3' });
  const text = await metrics.exposition();
  assert.ok(value(text, 'nova_process_resident_memory_bytes') > 1e6);
  assert.ok(value(text, 'nova_process_cpu_seconds_total') > 0);
  assert.equal(value(text, 'nova_build_info{version="1.2.3",service="worker"}'), 1);
});

function value(text: string, series: string): number {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `));
  assert.ok(line, `no series ${series}`);
  return Number(line.slice(series.length + 1));
}
