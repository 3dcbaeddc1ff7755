import assert from 'node:assert/strict';
import { test } from 'node:test';

import { violationsOf } from '@aos/checker';
import { apiKeys, tenants } from '@aos/store';
import { startPageServer } from '@aos/testing';

import { eventually } from './checks.ts';
import { startStack, type Stack } from './stack.ts';

/** Ten slots and pages that take 400 ms: 25 runs a second, and never more. */
const SLOTS = 10;
const PAGE_MS = 400;
const OVERLOAD = 5;
const SECONDS = 12;
const DEPTH_MAX = 150;
const TENANT_DEPTH_MAX = 100;

interface Told {
  readonly status: number;
  readonly at: number;
  readonly ms: number;
  readonly retryAfterS: number;
  readonly runId?: string;
}

async function post(stack: Stack, key: string, url: string, priority: number): Promise<Told> {
  const begun = performance.now();
  const response = await fetch(`${stack.url}/v1/runs`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      goal: 'Read the page.',
      priority,
      plan: { version: 1, steps: [{ key: 'get', skill: 'http_request', input: { url } }] },
    }),
  });
  const body = (await response.json()) as { id?: string };
  return {
    status: response.status,
    at: performance.now(),
    ms: performance.now() - begun,
    retryAfterS: Number(response.headers.get('retry-after')),
    ...(response.status === 202 && body.id && { runId: body.id }),
  };
}

async function keysOf(stack: Stack, tenant: string, count: number): Promise<string[]> {
  await tenants.ensure(stack.database, tenant);
  const keys = Array.from({ length: count }, (_, n) =>
    apiKeys.create(stack.database, { tenant, name: `${tenant}-${n}`, scopes: ['runs:write'] }),
  );
  return (await Promise.all(keys)).map(({ key }) => key);
}

async function memoryMb(stack: Stack): Promise<number> {
  const text = await (await fetch(`${stack.url}/metrics`)).text();
  const [, bytes] = /^nova_process_resident_memory_bytes (\S+)$/m.exec(text) ?? [];
  return Number(bytes) / 1_048_576;
}

function quantile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * part)] ?? 0;
}

test('at five times what it can do, it takes what it can do, refuses the rest, and loses nothing', async () => {
  await using pages = await startPageServer({
    '/slow': (_request, response) => void setTimeout(() => response.end('ok'), PAGE_MS),
  });
  await using stack = await startStack({
    env: {
      AOS_ALLOW_PRIVATE_HOSTS: pages.host,
      WORKER_SLOTS: String(SLOTS),
      AOS_QUEUE_DEPTH_MAX: String(DEPTH_MAX),
      AOS_TENANT_QUEUE_DEPTH_MAX: String(TENANT_DEPTH_MAX),
      LOG_LEVEL: 'info',
    },
  });
  const keys = [...(await keysOf(stack, 'default', 5)), ...(await keysOf(stack, 'other', 1))];
  const url = `${pages.url}/slow`;
  const perSecond = (OVERLOAD * SLOTS * 1_000) / PAGE_MS;

  const asked: Promise<Told>[] = [];
  const depths: number[] = [];
  const memory: number[] = [];
  for (let second = 0; second < SECONDS; second++) {
    const begun = performance.now();
    for (let n = 0; n < perSecond; n++) {
      const key = keys[n % keys.length] as string;
      asked.push(post(stack, key, url, n % 10 === 0 ? -1 : 0));
      if (n % 5 === 4) await new Promise((resolve) => setTimeout(resolve, 5_000 / perSecond - 2));
    }
    const [row] = await stack.database.query<{ n: number }>(
      `select count(*)::int as n from aos.runs where status = 'queued'`,
    );
    depths.push(row?.n ?? 0);
    memory.push(await memoryMb(stack));
    const restMs = begun + 1_000 - performance.now();
    if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
  }
  const told = await Promise.all(asked);
  const accepted = told.filter(({ status }) => status === 202);
  const refused = told.filter(({ status }) => status !== 202);

  assert.ok(refused.length > told.length / 3, `${refused.length} of ${told.length} were refused`);
  assert.ok(accepted.length >= DEPTH_MAX + SLOTS, `${accepted.length} were accepted`);
  assert.deepEqual(new Set(refused.map(({ status }) => status)), new Set([429, 503]));
  for (const { retryAfterS } of refused) assert.ok(retryAfterS >= 1 && retryAfterS <= 300);
  assert.ok(Math.max(...depths) <= DEPTH_MAX, `as deep as ${Math.max(...depths)}`);
  const ms = refused.map((one) => one.ms);
  const storedMs = accepted.map((one) => one.ms);
  assert.ok(quantile(ms, 0.95) < 5_000, `p95 of refusals ${quantile(ms, 0.95)} ms`);
  assert.ok(quantile(ms, 0.5) < quantile(storedMs, 0.5), 'refusing is cheaper than storing');
  const grown = (memory.at(-1) ?? 0) - (memory[2] ?? 0);
  assert.ok(grown < 80, `memory grew by ${grown} MB`);

  // The load is over: whoever comes back when told to is let in.
  const soonest = Math.min(...refused.map(({ at, retryAfterS }) => at + retryAfterS * 1_000));
  const patienceMs = Math.max(1_000, soonest - performance.now());
  await new Promise((resolve) => setTimeout(resolve, patienceMs));
  assert.equal((await post(stack, keys[0] as string, url, 0)).status, 202);

  await eventually(async () => {
    const [row] = await stack.database.query<{ n: number }>(
      `select count(*)::int as n from aos.runs where status <> 'finished'`,
    );
    return row?.n === 0 ? true : undefined;
  });
  const ends = await stack.database.query<{ id: string; outcome: string }>(
    `select id, outcome from aos.runs`,
  );
  assert.equal(ends.length, accepted.length + 1, 'what was refused left nothing behind');
  const outcomes = new Map(ends.map(({ id, outcome }) => [`run_${id}`, outcome]));
  for (const { runId } of accepted) assert.equal(outcomes.get(runId ?? ''), 'succeeded');
  assert.deepEqual(await violationsOf({ databaseUrl: stack.databaseUrl }), []);
  process.stdout.write(
    `accepted ${accepted.length}, refused ${refused.length}; refusals p50 ${quantile(ms, 0.5).toFixed(1)} ms, ` +
      `p95 ${quantile(ms, 0.95).toFixed(1)} ms; depth at most ${Math.max(...depths)}; memory ${memory.map(Math.round).join(' ')} MB\n`,
  );
});
