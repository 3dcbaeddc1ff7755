import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startPageServer } from '@aos/testing';

import { eventually } from './checks.ts';
import { startStack } from './stack.ts';

const PAGE_MS = 300;

test('a worker with too much in memory says so to all who ask, and works on with one run at a time', async () => {
  let open = 0;
  let most = 0;
  await using pages = await startPageServer({
    '/slow': (_request, response) => {
      most = Math.max(most, ++open);
      setTimeout(() => {
        open--;
        response.end('ok');
      }, PAGE_MS);
    },
  });
  // Node alone has more than 64 MB.
  const env = { WORKER_MEMORY_MAX_MB: '64', AOS_ALLOW_PRIVATE_HOSTS: pages.host };
  await using stack = await startStack({ env });
  const { client } = stack;
  const worker = `http://127.0.0.1:${stack.workers[0]?.port}`;
  const ready = await eventually(async () => {
    const response = await fetch(`${worker}/readyz`);
    const { gated } = (await response.json()) as { gated?: string };
    return gated === undefined ? undefined : { code: response.status, gated };
  });
  assert.equal(ready.code, 200, 'it is alive and works');
  assert.match(ready.gated, /it has \d+ MB in memory/);

  const input = { url: `${pages.url}/slow` };
  const plan = { version: 1 as const, steps: [{ key: 'a', skill: 'http_request', input }] };
  const runs = await Promise.all(
    Array.from({ length: 8 }, () => client.runs.create({ goal: 'Read.', plan })),
  );
  // Accepted at the same time, any of them may be the last.
  await eventually(async () => {
    const told = await Promise.all(runs.map(({ id }) => client.runs.why(id)));
    const gated = told
      .flatMap(({ reasons }) => reasons)
      .filter(({ code }) => code === 'workers_gated');
    return gated.some(({ detail }) => /1 of 1 workers take no new runs/.test(detail))
      ? true
      : undefined;
  });
  for (const { id } of runs) {
    await eventually(async () =>
      (await client.runs.get(id)).outcome === 'succeeded' ? true : undefined,
    );
  }
  assert.equal(most, 1);
  const metrics = await (await fetch(`${worker}/metrics`)).text();
  assert.match(metrics, /nova_worker_gated\{reason="memory"\} 1/);
});
