import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';

import { keepScrapeTargets, lackOf } from '@aos/local';
import { startPageServer } from '@aos/testing';

import { eventually } from '../checks.ts';
import type { ServiceProcess } from '../process.ts';
import { startStack, type Stack } from '../stack.ts';
import { startPrometheus, type Prometheus } from './prometheus.ts';
import { promtool } from './promtool.ts';

const RUNS = 60;
const KILLS = 5;

test(
  'Prometheus finds replicas that come and go, and what it counts equals the database after kills',
  { skip: lackOf('prometheus', 'promtool') },
  async () => {
    await using pages = await startPageServer({ '/good': 'good' });
    await using stack = await startStack({
      workers: 3,
      env: { AOS_ALLOW_PRIVATE_HOSTS: pages.host, WORKER_SLOTS: '10' },
    });
    await using prometheus = await startPrometheus();
    const stop = new AbortController();
    const keeping = keepScrapeTargets({
      client: stack.client,
      home: prometheus.home,
      everyMs: 250,
      stop: stop.signal,
    });
    try {
      await up(prometheus, { api: 1, worker: 3 });
      await rulesAreWell(prometheus);
      for (const { port } of [stack.api, ...stack.workers]) await metricsAreWell(port);

      const alive = [...stack.workers];
      const fourth = await stack.addWorker();
      await up(prometheus, { api: 1, worker: 4 });
      const port = fourth.port;
      fourth.kill('SIGKILL');
      await eventually(async () => (await upOf(prometheus, port)) === 0 || undefined);

      await work(stack, alive, `${pages.url}/good`);
      await equalsDatabase(prometheus, stack);

      await eventually(async () => (await upOf(prometheus, port)) === undefined || undefined);
    } finally {
      stop.abort();
      await keeping;
    }
  },
);

/** So many targets of each service, all of them up. */
async function up(prometheus: Prometheus, wanted: Readonly<Record<string, number>>): Promise<void> {
  await eventually(async () => {
    for (const how of ['count', 'sum']) {
      const told = await prometheus.query(`${how} by (service) (up{service!=""})`);
      const counts = new Map(told.map(({ metric, value }) => [metric['service'], value]));
      if (!isDeepStrictEqual(counts, new Map(Object.entries(wanted)))) return undefined;
    }
    return true;
  });
}

/** Undefined when it is no target any more. */
async function upOf(prometheus: Prometheus, port: number): Promise<number | undefined> {
  const [sample] = await prometheus.query(`up{instance="127.0.0.1:${port}"}`);
  return sample?.value;
}

async function metricsAreWell(port: number): Promise<void> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const { passed, said } = await promtool(['check', 'metrics'], { input: text });
  assert.ok(passed, said);
}

async function rulesAreWell(prometheus: Prometheus): Promise<void> {
  await eventually(async () => {
    const { groups } = (await prometheus.get('rules')) as {
      groups: { rules: { name: string; health: string; lastError?: string }[] }[];
    };
    const rules = groups.flatMap((group) => group.rules);
    assert.deepEqual(
      rules.filter(({ health }) => health === 'err'),
      [],
    );
    return rules.length > 40 && rules.every(({ health }) => health === 'ok') ? true : undefined;
  });
}

/** Workers die while they work, and others take their place. */
async function work(stack: Stack, alive: ServiceProcess[], url: string): Promise<void> {
  const key = 'get';
  let killed = 0;
  for (let n = 0; n < RUNS; n++) {
    const good = n % 5 > 0;
    await stack.client.runs.create({
      goal: 'Read a page.',
      plan: {
        version: 1,
        steps: [{ key, skill: 'http_request', input: { url: good ? url : `${url}/none` } }],
      },
    });
    if (n % (RUNS / KILLS) !== 0) continue;
    alive.shift()?.kill('SIGKILL');
    killed++;
    alive.push(await stack.addWorker());
  }
  assert.equal(killed, KILLS);
  await eventually(async () => (await outcomes(stack)).left === 0 || undefined);
}

interface Outcomes {
  readonly succeeded: number;
  readonly failed: number;
  readonly left: number;
  readonly attempts: number;
}

async function outcomes({ database }: Stack): Promise<Outcomes> {
  const [row] = await database.query<Outcomes>(
    `select count(*) filter (where outcome = 'succeeded')::int as succeeded,
            count(*) filter (where outcome = 'failed')::int as failed,
            count(*) filter (where status <> 'finished')::int as left,
            (select count(*)::int from aos.events
              where type in ('step.completed', 'step.failed') and (data ->> 'attempt')::int > 0) as attempts
       from aos.runs`,
  );
  assert.ok(row);
  return row;
}

async function equalsDatabase(prometheus: Prometheus, stack: Stack): Promise<void> {
  const stored = await outcomes(stack);
  assert.ok(stored.failed > 0 && stored.succeeded > 0);
  const one = async (expr: string) => (await prometheus.query(expr))[0]?.value;
  await eventually(async () => {
    const told = {
      succeeded: await one('sum(nova:runs_total:max{status="succeeded"})'),
      failed: await one('sum(nova:runs_total:max{status="failed"})'),
      left: (await one('max(nova_runs_queued)')) ?? -1,
      attempts: await one('sum(nova:skill_attempts_total:max)'),
    };
    return isDeepStrictEqual(told, stored) || undefined;
  });
}
