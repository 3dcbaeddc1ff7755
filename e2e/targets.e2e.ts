import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';

import { violationsOf } from '@aos/checker';
import { rampAt } from '@aos/core';

import { eventually } from './checks.ts';
import { startStack, type Stack } from './stack.ts';

const LIMIT_MS = 90_000;

/** A host that is out until it is mended, and what it saw. */
interface Host extends AsyncDisposable {
  readonly port: number;
  readonly calls: { readonly at: number; readonly ok: boolean }[];
  mend(): void;
}

type Fault = 'retry_after' | 'slow' | 'refused';

/** `refused` is a port on which nobody listens until it is mended. */
async function startHost(fault: Fault): Promise<Host> {
  const calls: Host['calls'] = [];
  let mended = false;
  const server = createServer((_request, response) => {
    calls.push({ at: Date.now(), ok: mended });
    if (mended) return void response.end('fine');
    if (fault === 'retry_after') {
      response.writeHead(429, { 'retry-after': '2' });
      response.end();
    }
  });
  const listen = (port: number) =>
    new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  if (fault === 'refused') await close();
  return {
    port,
    calls,
    mend() {
      mended = true;
      if (fault === 'refused') void listen(port);
    },
    async [Symbol.asyncDispose]() {
      if (server.listening) await close();
    },
  };
}

async function startRuns(stack: Stack, port: number, total: number): Promise<void> {
  const plan = {
    version: 1 as const,
    steps: [
      {
        key: 'get',
        skill: 'http_request',
        input: { url: `http://127.0.0.1:${port}/` },
        timeoutMs: 1_500,
      },
    ],
  };
  await Promise.all(
    Array.from({ length: total }, () => stack.client.runs.create({ goal: 'Get it', plan })),
  );
}

async function count(stack: Stack, sql: string): Promise<number> {
  const [row] = await stack.database.query<{ n: number }>(`select count(*)::int as n ${sql}`);
  return row?.n ?? 0;
}

const cases = [
  { fault: 'retry_after', runs: 200 },
  { fault: 'refused', runs: 60 },
  { fault: 'slow', runs: 60 },
] as const;

for (const { fault, runs } of cases) {
  test(`two workers and ${runs} runs outlast a host that is out (${fault}), and no attempt is used`, async () => {
    await using host = await startHost(fault);
    await using healthy = await startHost('slow');
    healthy.mend();
    const allowed = `127.0.0.1:${host.port},127.0.0.1:${healthy.port}`;
    await using stack = await startStack({
      workers: 2,
      env: { AOS_ALLOW_PRIVATE_HOSTS: allowed, WORKER_SLOTS: '40' },
    });
    await startRuns(stack, host.port, runs);

    await eventually(
      async () =>
        (await count(
          stack,
          `from aos.runs where status = 'waiting' and waiting_for = 'target'`,
        )) === runs
          ? true
          : undefined,
      LIMIT_MS,
    );
    const [out, ...others] = (await stack.client.targets.list()).items;
    assert.deepEqual(others, []);
    assert.equal(out?.target, `http:127.0.0.1:${host.port}`);
    assert.equal(out.parked.runs, runs);
    const why = await stack.client.runs.why(out.parked.example ?? '');
    assert.equal(why.reasons[0]?.code, 'waiting_for_target');
    assert.match(why.reasons[0].detail, new RegExp(`needs http:127.0.0.1:${host.port}, which is`));

    // Nobody holds a slot, and other hosts are none of their business.
    await startRuns(stack, healthy.port, 20);
    await eventually(async () =>
      (await count(stack, `from aos.runs where outcome = 'succeeded'`)) === 20 ? true : undefined,
    );
    if (fault === 'retry_after') await assertProbes(host);
    const before = host.calls.length;
    host.mend();
    await eventually(
      async () =>
        (await count(stack, `from aos.runs where status = 'finished'`)) === runs + 20
          ? true
          : undefined,
      LIMIT_MS,
    );

    assert.equal(await count(stack, `from aos.runs where outcome <> 'succeeded'`), 0);
    assert.equal(await count(stack, `from aos.steps where attempt <> 1`), 0);
    assert.ok(
      (await count(stack, `from aos.events where type = 'step.parked'`)) <= runs * 2,
      'a fact or two for each run',
    );
    const lines = stack.workers.map((worker) => worker.log()).join('');
    assert.equal(lines.split('"event":"target.out"').length - 1, 1, 'one incident');
    assertRamp(
      host.calls.slice(before).filter(({ ok }) => ok),
      runs,
    );
    assert.deepEqual(await violationsOf({ databaseUrl: stack.databaseUrl }), []);
    assert.deepEqual(await violationsOf({ databaseUrl: stack.databaseUrl }), []);
    await eventually(async () =>
      (await stack.client.targets.list()).items.length === 0 ? true : undefined,
    );
  });
}

/** Once all wait, one at a time tries, each after the time that the host asked for. */
async function assertProbes({ calls }: Host): Promise<void> {
  const begun = calls.length;
  await eventually(() => (calls.length >= begun + 3 ? true : undefined), LIMIT_MS);
  const probes = calls.slice(begun);
  for (const [place, { at }] of probes.entries()) {
    const previous = probes[place - 1];
    if (previous) assert.ok(at - previous.at >= 2_000, `${at - previous.at} ms apart`);
  }
}

/** The first answer opens the ramp; nobody gets ahead of it. */
function assertRamp(calls: readonly { readonly at: number }[], runs: number): void {
  const [first] = calls;
  assert.equal(calls.length, runs);
  for (const [place, { at }] of calls.entries()) {
    // The one that tried, and the time between the answer and its record.
    const most = 1 + rampAt(at - (first?.at ?? at) + 100);
    assert.ok(place < most, `call ${place + 1} came ${at - (first?.at ?? at)} ms after the first`);
  }
}
