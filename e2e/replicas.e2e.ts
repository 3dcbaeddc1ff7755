import assert from 'node:assert/strict';
import { test } from 'node:test';

import { violationsOf } from '@aos/checker';
import { startPageServer } from '@aos/testing';

import { eventually } from './checks.ts';
import { startStack, type Stack } from './stack.ts';

/** The sum over all replicas of every series whose line begins so. */
async function sumOf(ports: readonly number[], series: string): Promise<number> {
  let sum = 0;
  for (const port of ports) {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    for (const line of text.split('\n')) {
      if (line.startsWith(series)) sum += Number(line.slice(line.lastIndexOf(' ') + 1));
    }
  }
  return sum;
}

async function count(stack: Stack, sql: string): Promise<number> {
  const [row] = await stack.database.query<{ n: number }>(`select count(*)::int as n ${sql}`);
  return row?.n ?? 0;
}

test('the metrics of several replicas equal the database, also after crashes', async () => {
  let failing = true;
  await using pages = await startPageServer({
    '/good': 'good',
    '/flaky': (_request, response) => {
      failing = !failing;
      response.writeHead(failing ? 500 : 200);
      response.end();
    },
    '/bad': (_request, response) => {
      response.writeHead(404);
      response.end();
    },
  });
  await using stack = await startStack({
    workers: 2,
    env: { AOS_ALLOW_PRIVATE_HOSTS: pages.host, WORKER_SLOTS: '20' },
  });
  const others = [await stack.addApi(), await stack.addApi()];
  const ports = [stack.api.port, ...others.map(({ port }) => port)];
  const total = 200;
  await Promise.all(
    Array.from({ length: total }, async (_, n) => {
      const path = n % 4 === 0 ? 'bad' : n % 4 === 1 ? 'flaky' : 'good';
      const run = await stack.client.runs.create({
        goal: path,
        plan: {
          version: 1,
          steps: [
            {
              key: 'get',
              skill: 'http_request',
              input: { url: `${pages.url}/${path}` },
              retry: { attempts: 10, delayMs: 10 },
            },
          ],
        },
      });
      if (n % 50 === 7) await stack.client.runs.cancel(run.id).catch(() => {});
      if (n === 60) {
        stack.workers[0]?.kill('SIGKILL');
        await stack.addWorker();
      }
    }),
  );
  await eventually(async () =>
    (await count(stack, `from aos.runs where status = 'finished'`)) === total ? true : undefined,
  );
  for (const outcome of ['succeeded', 'failed', 'cancelled']) {
    assert.equal(
      await sumOf(ports, `nova_runs_total{status="${outcome}"`),
      await count(stack, `from aos.runs where outcome = '${outcome}'`),
      outcome,
    );
  }
  assert.equal(
    await sumOf(ports, 'nova_runs_failed_total'),
    await count(stack, `from aos.runs where outcome = 'failed'`),
  );
  assert.ok((await count(stack, `from aos.runs where outcome = 'failed'`)) >= 40);
  assert.equal(
    await sumOf(ports, 'nova_skill_attempts_total{skill="http_request"}'),
    await count(
      stack,
      `from aos.events where type in ('step.completed', 'step.failed') and (data ->> 'attempt')::int > 0`,
    ),
  );
  assert.equal(await sumOf(ports, 'nova_runs_queued'), 0);
  assert.equal(await sumOf(ports, 'nova_worker_pool_size'), 40);
  assert.deepEqual(await violationsOf({ databaseUrl: stack.databaseUrl }), []);

  for (const worker of stack.workers) worker.kill('SIGKILL');
  await eventually(async () =>
    (await sumOf(ports, 'nova_worker_pool_size')) === 0 ? true : undefined,
  );
  await stack.client.runs.create({
    goal: 'Nobody works',
    plan: {
      version: 1,
      steps: [{ key: 'get', skill: 'http_request', input: { url: `${pages.url}/good` } }],
    },
  });
  await eventually(async () => ((await sumOf(ports, 'nova_runs_queued')) === 1 ? true : undefined));
  // The exporter dies: another replica takes over.
  stack.api.kill('SIGKILL');
  await stack.api.exited;
  const left = others.map(({ port }) => port);
  await eventually(async () => ((await sumOf(left, 'nova_runs_queued')) === 1 ? true : undefined));
});
