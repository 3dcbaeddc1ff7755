import assert from 'node:assert/strict';
import { test } from 'node:test';

import { violationsOf } from '@aos/checker';
import { startPageServer } from '@aos/testing';

import { eventually } from './checks.ts';
import { startStack } from './stack.ts';

const CUTS = 4;
const RUNS = 120;

test('connections to the database that are cut again and again cost no run and repeat no step', async () => {
  await using pages = await startPageServer();
  for (const path of ['/0', '/1', '/2']) {
    pages.serve(path, async (_request, response) => {
      await new Promise((resolve) => setTimeout(resolve, 40));
      response.end(path);
    });
  }
  await using stack = await startStack({
    workers: 2,
    env: { AOS_ALLOW_PRIVATE_HOSTS: pages.host, WORKER_SLOTS: '10' },
  });
  const plan = {
    version: 1,
    steps: [0, 1, 2].map((n) => ({
      key: `get${n}`,
      skill: 'http_request',
      input: { url: `${pages.url}/${n}`, method: n === 1 ? 'PUT' : 'GET' },
      ...(n > 0 && { after: [`get${n - 1}`] }),
    })),
  } as const;
  // Every request is repeated by its own key until it is answered: one run each, whatever is cut.
  const created = Promise.all(
    Array.from({ length: RUNS }, () => stack.client.runs.create({ goal: 'Go on', plan })),
  );
  let cut = 0;
  for (let n = 0; n < CUTS; n++) {
    await new Promise((resolve) => setTimeout(resolve, 700));
    const [row] = await stack.database.query<{ cut: number }>(
      `select count(pg_terminate_backend(pid))::int as cut
         from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()
          and application_name like 'aos-%'`,
    );
    cut += row?.cut ?? 0;
  }
  const ids = (await created).map(({ id }) => id);
  assert.equal(new Set(ids).size, RUNS);
  assert.ok(cut >= CUTS * 4, `${cut} connections were cut`);

  const finished = await eventually(async () => {
    const rows = await stack.database.query<{ outcome: string | null; n: number }>(
      `select outcome, count(*)::int as n from aos.runs group by outcome`,
    );
    return rows.every(({ outcome }) => outcome !== null) ? rows : undefined;
  }, 60_000);
  assert.deepEqual(finished, [{ outcome: 'succeeded', n: RUNS }]);
  assert.deepEqual(await violationsOf({ databaseUrl: stack.databaseUrl }), []);
  const lives = await stack.database.query(`select id from aos.workers`);
  assert.ok(lives.length > 2, 'workers began new lives');
  // The processes themselves went through it.
  for (const worker of stack.workers) assert.match(worker.log(), /worker\.lease_lost/);
});
