import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';

import { completeAgent } from '@aos/core';
import { agents, createDatabase, migrate, openQueue, pauses, workers } from '@aos/store';
import { createLogger, createMetrics } from '@aos/telemetry';
import { testDatabase } from '@aos/testing';

import { startReleaser } from './releaser.ts';

const RUNS = 600;

test('what a pause held back goes on in batches with pauses between them, and once', async () => {
  await using started = new AsyncDisposableStack();
  const { url } = started.use(await testDatabase());
  await migrate(url, { allowUnsafe: true });
  const open = (role?: 'aos_worker') => {
    const database = createDatabase({ url, applicationName: 'test', ...(role && { role }) });
    started.defer(() => database.close());
    return database;
  };
  const [owner, worker] = [open(), open('aos_worker')];
  await agents.create(owner, 'default', completeAgent({ name: 'general', description: 'Any.' }));
  await owner.query(
    `insert into aos.runs (id, tenant_id, agent, agent_version, planner, status, waiting_for)
     select gen_random_uuid(), 'default', 'general', 1, 'static', 'waiting', 'pause'
       from generate_series(1, $1)`,
    [RUNS],
  );
  const of = { tenant: 'default', scope: 'tenant', name: 'default', allTenants: false } as const;
  await owner.transaction((tx) => pauses.pause(tx, of, { by: 'Ann', reason: 'A test.' }));
  const queue = await openQueue(worker, { maintain: false, onError: () => {} });
  started.defer(() => queue.stop());

  const batches: { readonly runs: number; readonly at: number }[] = [];
  const log = createLogger({
    service: 'worker',
    level: 'info',
    write: (line) => {
      const { event, runs } = JSON.parse(line) as { event: string; runs: number };
      if (event === 'runs.released_from_rest') batches.push({ runs, at: performance.now() });
    },
  });
  const metrics = createMetrics({ service: 'worker', version: '0' });
  // Two workers: they do not add up.
  const uuids = [randomUUID(), randomUUID()];
  for (const uuid of uuids) {
    const life = { uuid, host: 'here', pid: 1, version: '0', slots: 1, skills: [] };
    await workers.register(worker, { ...life, processId: uuid, quarantine: false });
  }
  await owner.query(`update aos.workers set lease_until = now() + interval '1 hour'`);
  const releasers = uuids.map((uuid) => startReleaser(worker, queue, uuid, { log, metrics }));
  started.defer(async () => {
    await Promise.all(releasers.map((one) => one.stop()));
  });
  for (const one of releasers) one.stir();
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.equal(batches.length, 0, 'as long as it is paused');

  await owner.transaction((tx) => pauses.resume(tx, of, 'Bo'));
  for (const one of releasers) one.stir();
  const jobs = async () => {
    const [row] = await owner.query<{ n: number }>(
      `select count(*)::int as n from pgboss.job where name = 'runs' and state = 'created'`,
    );
    return row?.n;
  };
  while ((await jobs()) !== RUNS) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(batches.every(({ runs }) => runs <= 250));
  assert.equal(
    batches.reduce((sum, { runs }) => sum + runs, 0),
    RUNS,
  );
  const [first, second] = [batches[0]?.at ?? 0, batches.at(-1)?.at ?? 0];
  assert.ok(second - first >= 2 * 240, 'three batches, a quarter of a second apart');
});
