import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { violationsOf } from '@aos/checker';
import { startPageServer } from '@aos/testing';

import { eventually } from './checks.ts';
import { startStack, type Stack } from './stack.ts';

const CLI = fileURLToPath(new URL('../packages/cli/src/main.ts', import.meta.url));
const RUNS = 300;
const CAP = 4;
const LIMIT_MS = 120_000;

/** `aos autoscale` on the database of the stack, and what it said. */
function startAutoscaler(t: TestContext, stack: Stack, env: Readonly<Record<string, string>>) {
  const home = mkdtempSync(join(tmpdir(), 'aos-autoscale-'));
  const args = ['autoscale', '--min=1', `--max=${CAP}`, '--target-age=2s', '--down-after=4s'];
  const child = spawn(process.execPath, [CLI, ...args], {
    env: {
      PATH: process.env['PATH'],
      AOS_HOME: home,
      AOS_URL: stack.url,
      AOS_API_KEY: stack.key,
      DATABASE_URL: stack.databaseUrl,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  }
  const exited = once(child, 'exit') as Promise<[number | null]>;
  t.after(async () => {
    // Killed, its program sees it, and the workers lose their launcher.
    child.kill('SIGKILL');
    await exited;
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  });
  return { child, exited, said: () => said };
}

async function count(stack: Stack, sql: string): Promise<number> {
  const [row] = await stack.database.query<{ n: number }>(`select count(*)::int as n ${sql}`);
  return row?.n ?? 0;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('workers come with the load and go with it, and no run notices', async (t) => {
  await using pages = await startPageServer({
    '/slow': async (_request, response) => {
      await sleep(1_000);
      response.end('slow');
    },
  });
  await using stack = await startStack({ workers: 0 });
  const it = startAutoscaler(t, stack, { AOS_ALLOW_PRIVATE_HOSTS: pages.host, WORKER_SLOTS: '10' });
  const live = `from aos.workers where state = 'live'`;
  const reaches = (workers: number) =>
    eventually(async () => ((await count(stack, live)) === workers ? true : undefined), LIMIT_MS);
  await reaches(1);

  const step = { key: 'get', skill: 'http_request', input: { url: `${pages.url}/slow` } };
  const plan = { version: 1 as const, steps: [step] };
  await Promise.all(
    Array.from({ length: RUNS }, () => stack.client.runs.create({ goal: 'Get it', plan })),
  );
  await reaches(CAP);
  await eventually(
    async () =>
      (await count(stack, `from aos.runs where outcome = 'succeeded'`)) === RUNS ? true : undefined,
    LIMIT_MS,
  );
  await reaches(1);

  assert.equal(await count(stack, `from aos.steps where attempt <> 1`), 0);
  assert.equal(await count(stack, `from aos.events where type = 'run.released'`), 0);
  assert.equal(await count(stack, `from aos.workers where state = 'lost'`), 0);
  assert.deepEqual(await violationsOf({ databaseUrl: stack.databaseUrl }), []);
  assert.deepEqual(await violationsOf({ databaseUrl: stack.databaseUrl }), []);
  const decisions = it.said().match(/\d -> \d/g) ?? [];
  const signs = decisions.map((text) => Math.sign(Number(text.at(-1)) - Number(text[0])));
  const turns = signs.filter((sign, at) => at > 0 && sign !== signs[at - 1]).length;
  assert.equal(turns, 1, `up once, down once: ${decisions.join(', ')}`);

  const pids = await stack.database.query<{ pid: number }>(`select distinct pid from aos.workers`);
  assert.ok(pids.length >= CAP);
  it.child.kill('SIGTERM');
  assert.deepEqual((await it.exited)[0], 0, it.said());
  assert.deepEqual(
    pids.filter(({ pid }) => isAlive(pid)),
    [],
  );
  assert.equal(await count(stack, live), 0);
});

test('a worker that dies is started again', async (t) => {
  await using stack = await startStack({ workers: 0 });
  const it = startAutoscaler(t, stack, {});
  const living = async () => {
    const [row] = await stack.database.query<{ pid: number }>(
      `select pid from aos.workers where state = 'live'`,
    );
    return row?.pid;
  };
  const first = await eventually(living);
  // Who dies before it is ready has failed to start, and the next one has to wait.
  await eventually(() => (it.said().includes('The worker-1 is ready.') ? true : undefined));
  process.kill(first, 'SIGKILL');
  await eventually(async () => {
    const pid = await living();
    return pid !== undefined && pid !== first ? true : undefined;
  });
  assert.match(it.said(), /The worker-1 ended unexpectedly and is started again\./);
});
