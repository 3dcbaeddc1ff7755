import assert from 'node:assert/strict';
import { test } from 'node:test';

import { violationsOf } from '@aos/checker';
import { startPageServer } from '@aos/testing';

import { eventually } from './checks.ts';
import { startStack } from './stack.ts';

function fetchPlan(url: string, count = 3) {
  return {
    version: 1,
    steps: Array.from({ length: count }, (_, n) => ({
      key: `fetch${n}`,
      skill: 'http_request',
      input: { url: `${url}/${n}` },
      ...(n > 0 && { after: [`fetch${n - 1}`] }),
    })),
  } as const;
}

test('workers that come and go in order lose no run and repeat no change', async () => {
  await using pages = await startPageServer();
  for (const path of ['/0', '/1', '/2']) {
    pages.serve(path, async (_request, response) => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      response.end(path);
    });
  }
  await using stack = await startStack({
    workers: 1,
    env: { AOS_ALLOW_PRIVATE_HOSTS: pages.host, WORKER_GRACE_MS: '5000' },
  });
  const total = 200;
  const ids = await Promise.all(
    Array.from({ length: total }, async () => {
      const { id } = await stack.client.runs.create({ goal: 'Roll', plan: fetchPlan(pages.url) });
      return id;
    }),
  );
  assert.equal(new Set(ids).size, total);
  for (let round = 0; round < 4; round++) {
    const old = stack.workers.at(-1);
    await stack.addWorker();
    old?.kill('SIGTERM');
    assert.deepEqual(await old?.exited, { code: 0, signal: null }, old?.log());
  }
  await eventually(async () => {
    const [row] = await stack.database.query<{ n: number }>(
      `select count(*)::int as n from aos.runs where outcome = 'succeeded'`,
    );
    return row?.n === total ? true : undefined;
  }, 60_000);
  assert.deepEqual(await violationsOf({ databaseUrl: stack.databaseUrl }), []);
  const [attempts] = await stack.database.query<{ n: number }>(
    `select max(attempt)::int as n from aos.steps`,
  );
  assert.equal(attempts?.n, 1, 'a clean stop uses up no attempt');
});

test('runs go on while the API is dead, and are there when it is back', async () => {
  await using pages = await startPageServer({ '/0': 'a', '/1': 'b', '/2': 'c' });
  await using stack = await startStack({ env: { AOS_ALLOW_PRIVATE_HOSTS: pages.host } });
  stack.workers[0]?.kill('SIGTERM');
  await stack.workers[0]?.exited;
  const { id } = await stack.client.runs.create({ goal: 'Go on', plan: fetchPlan(pages.url) });
  stack.api.kill('SIGKILL');
  await stack.api.exited;
  await stack.addWorker();
  await eventually(async () => {
    const [row] = await stack.database.query<{ status: string }>(`select status from aos.runs`);
    return row?.status === 'finished' ? true : undefined;
  });
  const back = await stack.addApi();
  const answer = await fetch(`http://127.0.0.1:${back.port}/v1/runs/${id}`, {
    headers: { authorization: `Bearer ${stack.key}` },
  });
  assert.equal(((await answer.json()) as { outcome: string }).outcome, 'succeeded');
});

test('a cancel reaches the step that is under way, and ends the run', async () => {
  await using pages = await startPageServer({ '/0': () => {} });
  await using stack = await startStack({ env: { AOS_ALLOW_PRIVATE_HOSTS: pages.host } });
  const { id } = await stack.client.runs.create({ goal: 'Hang', plan: fetchPlan(pages.url, 1) });
  await eventually(() => (pages.requests.length > 0 ? true : undefined));
  // A step that only reads is announced once it takes a while.
  await eventually(async () =>
    (await stack.client.runs.steps(id)).items[0]?.status === 'started' ? true : undefined,
  );
  const asked = performance.now();
  await stack.client.runs.cancel(id);
  await stack.client.runs.cancel(id);
  const run = await eventually(async () => {
    const now = await stack.client.runs.get(id);
    return now.status === 'finished' ? now : undefined;
  });
  assert.equal(run.outcome, 'cancelled');
  assert.ok(performance.now() - asked < 10_000);
  const { items } = await stack.client.runs.steps(id);
  assert.deepEqual(
    items.map(({ status }) => status),
    ['failed'],
  );
  assert.deepEqual(await violationsOf({ databaseUrl: stack.databaseUrl }), []);
});

test('a waiting approval holds no worker; the decision lets the run go on, once', async () => {
  await using pages = await startPageServer({ '/send': 'sent' });
  await using stack = await startStack({ env: { AOS_ALLOW_PRIVATE_HOSTS: pages.host } });
  const { client } = stack;
  const { id } = await client.runs.create({
    goal: 'Ask first',
    plan: {
      version: 1,
      steps: [
        {
          key: 'send',
          skill: 'http_request',
          input: { url: `${pages.url}/send`, method: 'POST', json: { amount: 7 } },
          approval: { reason: 'It costs money.' },
        },
      ],
    },
  });
  const approval = await eventually(async () => (await client.approvals.list()).items[0]);
  assert.equal(approval.runId, id);
  await eventually(async () =>
    (await client.runs.get(id)).status === 'waiting' ? true : undefined,
  );
  assert.equal(pages.requests.length, 0);
  const why = await client.runs.why(id);
  assert.match(JSON.stringify(why), /approval/);

  const decisions = await Promise.allSettled(
    Array.from({ length: 10 }, () => client.approvals.decide(approval.id, { decision: 'approve' })),
  );
  assert.equal(decisions.filter(({ status }) => status === 'fulfilled').length, 1);
  const run = await eventually(async () => {
    const now = await client.runs.get(id);
    return now.status === 'finished' ? now : undefined;
  });
  assert.equal(run.outcome, 'succeeded', JSON.stringify(run.failure));
  assert.equal(pages.requests.length, 1);
});

test('a change whose worker died in the middle is never repeated without a human', async () => {
  await using pages = await startPageServer({ '/pay': () => {} });
  await using stack = await startStack({ env: { AOS_ALLOW_PRIVATE_HOSTS: pages.host } });
  const { client } = stack;
  const { id } = await client.runs.create({
    goal: 'Pay',
    plan: {
      version: 1,
      steps: [
        {
          key: 'pay',
          skill: 'http_request',
          input: { url: `${pages.url}/pay`, method: 'POST', json: { amount: 7 } },
          timeoutMs: 60_000,
        },
      ],
    },
  });
  await eventually(() => (pages.requests.length === 1 ? true : undefined));
  stack.workers[0]?.kill('SIGKILL');
  pages.serve('/pay', 'paid');
  await stack.addWorker();
  const approval = await eventually(async () => (await client.approvals.list()).items[0]);
  assert.equal(approval.kind, 'review');
  assert.equal(pages.requests.length, 1);
  await client.approvals.decide(approval.id, { decision: 'approve' });
  const run = await eventually(async () => {
    const now = await client.runs.get(id);
    return now.status === 'finished' ? now : undefined;
  });
  assert.equal(run.outcome, 'succeeded', JSON.stringify(run.failure));
  assert.equal(pages.requests.length, 2);
  const keys = pages.requests.map(({ headers }) => headers['idempotency-key']);
  assert.equal(new Set(keys).size, 1);
  assert.deepEqual(await violationsOf({ databaseUrl: stack.databaseUrl }), []);
});
