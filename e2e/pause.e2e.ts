import assert from 'node:assert/strict';
import { test } from 'node:test';

import { violationsOf } from '@aos/checker';
import { startPageServer } from '@aos/testing';

import { eventually } from './checks.ts';
import { startStack, type Stack } from './stack.ts';

const PAGE_MS = 300;
/** A worker learns of a pause within a second, and a step that began then takes its time. */
const NOTICED_MS = 1_000 + PAGE_MS;

const planOf = (url: string, steps: number) => ({
  version: 1 as const,
  steps: Array.from({ length: steps }, (_, n) => ({
    key: `s${n}`,
    skill: 'http_request',
    input: { url },
    ...(n > 0 && { after: [`s${n - 1}`] }),
  })),
});

async function count(stack: Stack, where: string): Promise<number> {
  const [row] = await stack.database.query<{ n: number }>(
    `select count(*)::int as n from aos.runs where ${where}`,
  );
  return row?.n ?? 0;
}

async function slowStack(started: AsyncDisposableStack) {
  const pages = started.use(
    await startPageServer({
      '/slow': (_request, response) => void setTimeout(() => response.end('ok'), PAGE_MS),
    }),
  );
  const env = { AOS_ALLOW_PRIVATE_HOSTS: pages.host, WORKER_SLOTS: '10' };
  const stack = started.use(await startStack({ workers: 2, env }));
  return { stack, url: `${pages.url}/slow` };
}

test('the switch for everything stops every worker at a step boundary, and nothing is lost or repeated', async () => {
  await using started = new AsyncDisposableStack();
  const { stack, url } = await slowStack(started);
  const { client } = stack;
  const total = 60;
  const goals = Array.from({ length: total }, () =>
    client.runs.create({ goal: 'Read.', plan: planOf(url, 4) }),
  );
  const ids = (await Promise.all(goals)).map(({ id }) => id);
  await eventually(async () =>
    (await count(stack, `status = 'running'`)) >= 20 ? true : undefined,
  );

  await client.admin.pause({ scope: 'everything', reason: 'A fire drill.' });
  const pausedAt = Date.now();
  await eventually(async () =>
    (await count(stack, `status = 'running'`)) === 0 ? true : undefined,
  );
  const [late] = await stack.database.query<{ ms: number }>(
    `select coalesce(extract(epoch from max(started_at)) * 1000, 0)::float as ms from aos.steps`,
  );
  assert.ok(
    (late?.ms ?? 0) - pausedAt < NOTICED_MS,
    `a step began ${(late?.ms ?? 0) - pausedAt} ms later`,
  );
  assert.ok((await count(stack, `waiting_for = 'pause'`)) > 0);
  assert.ok((await count(stack, `status = 'queued'`)) > 0, 'the rest keeps its place');

  const waiting = (await client.runs.list({ status: 'waiting' })).items[0];
  const { reasons } = await client.runs.why(waiting?.id ?? '');
  assert.deepEqual(reasons[0]?.code, 'paused');
  assert.match(reasons[0]?.detail ?? '', /e2e paused everything: A fire drill\./);
  await client.runs.cancel(waiting?.id ?? '');
  await eventually(async () =>
    (await count(stack, `outcome = 'cancelled'`)) === 1 ? true : undefined,
  );
  const paused = await client.runs.create({ goal: 'Later.', plan: planOf(url, 1) });
  assert.equal(paused.status, 'queued', 'new runs are taken, and queue');
  assert.deepEqual(
    await violationsOf({ databaseUrl: stack.databaseUrl }),
    [],
    'while it is paused',
  );

  assert.deepEqual(await client.admin.resume({ scope: 'everything' }), { resumed: true });
  await eventually(async () =>
    (await count(stack, `status <> 'finished'`)) === 0 ? true : undefined,
  );
  assert.equal(await count(stack, `outcome = 'succeeded'`), total);
  const [attempts] = await stack.database.query<{ most: number }>(
    `select max(attempt) as most from aos.steps where status = 'completed'`,
  );
  assert.equal(attempts?.most, 1, 'no attempt was used up');
  assert.deepEqual(await violationsOf({ databaseUrl: stack.databaseUrl }), []);
  assert.equal(ids.length, total);
});

test('one run, a skill and an agent: each rests alone, on a worker that has it in hand, and goes on', async () => {
  await using started = new AsyncDisposableStack();
  const { stack, url } = await slowStack(started);
  const { client } = stack;
  await client.admin.pause({ scope: 'tenant', reason: 'Not yet.' });
  const early = await client.runs.create({ goal: 'Read.', plan: planOf(url, 1) });
  await eventually(async () =>
    (await client.runs.get(early.id)).waitingFor === 'pause' ? true : undefined,
  );
  assert.deepEqual(await violationsOf({ databaseUrl: stack.databaseUrl }), []);
  await client.admin.resume({ scope: 'tenant' });
  const run = await client.runs.create({ goal: 'Read.', plan: planOf(url, 8) });
  const other = await client.runs.create({ goal: 'Read.', plan: planOf(url, 8) });
  const stateOf = async (id: string) => (await client.runs.get(id)).waitingFor;
  await eventually(async () =>
    (await client.runs.get(run.id)).status === 'running' ? true : undefined,
  );
  await client.runs.pause(run.id);
  await eventually(async () => ((await stateOf(run.id)) === 'pause' ? true : undefined));
  assert.equal((await client.runs.get(other.id)).waitingFor, null, 'the other one goes on');

  await client.admin.pause({ scope: 'skill', name: 'http_request', reason: 'It is down.' });
  await eventually(async () => ((await stateOf(other.id)) === 'pause' ? true : undefined));
  const { reasons } = await client.runs.why(other.id);
  assert.deepEqual(
    reasons.map(({ code }) => code),
    ['skill_paused'],
  );

  await client.runs.resume(run.id);
  await eventually(async () =>
    (await client.runs.why(run.id)).reasons[0]?.code === 'skill_paused' ? true : undefined,
  );
  await client.admin.pause({
    scope: 'agent',
    name: other.agent.name,
    reason: 'It spends too much.',
  });
  await client.admin.resume({ scope: 'skill', name: 'http_request' });
  const codes = (await client.runs.why(other.id)).reasons.map(({ code }) => code);
  assert.ok(codes.includes('paused'), codes.join());
  await client.admin.resume({ scope: 'agent', name: other.agent.name });
  await eventually(async () =>
    (await count(stack, `outcome = 'succeeded'`)) === 3 ? true : undefined,
  );
  assert.deepEqual(await violationsOf({ databaseUrl: stack.databaseUrl }), []);
});
