import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';

import { readAlertGauges } from './alert-gauges.ts';
import * as replicas from './replicas.ts';
import { startTestStore } from './store.fixture.ts';
import { asking, startTestWorker } from './worker.fixture.ts';
import * as workers from './workers.ts';

const life = {
  host: 'far',
  pid: 1,
  version: '1',
  slots: 1,
  skills: [],
  quarantine: false,
} as const;

test('replicas are told where they are reached, each once, and those that stopped are not', async () => {
  await using store = await startTestStore();
  const api = { uuid: randomUUID(), address: '127.0.0.1', port: 8080, version: '1' };
  await replicas.announce(store.api, api);
  await replicas.announce(store.api, api);
  const register = async (where: { readonly port?: number; readonly address?: string }) => {
    const uuid = randomUUID();
    await workers.register(store.owner, { ...life, ...where, uuid, processId: uuid });
    return uuid;
  };
  await register({ port: 9001, address: '::1' });
  await register({ port: 9002 });
  await register({});
  await workers.stopped(store.owner, await register({ port: 9003 }));
  const told = async () =>
    (await replicas.scrapeTargets(store.api)).map(
      ({ service, address, port }) => `${service} ${address} ${port}`,
    );
  assert.deepEqual(await told(), ['api 127.0.0.1 8080', 'worker ::1 9001', 'worker far 9002']);
  assert.deepEqual((await readAlertGauges(store.api)).scrapeTargets, { api: 1, worker: 2 });

  await replicas.withdraw(store.api, api.uuid);
  assert.deepEqual(await told(), ['worker ::1 9001', 'worker far 9002']);
});

test('a replica that died is told for a while yet, and counts no more', async () => {
  await using store = await startTestStore();
  const uuid = randomUUID();
  await replicas.announce(store.api, { uuid, address: 'a', port: 1, version: '1' });
  const worker = randomUUID();
  await workers.register(store.owner, { ...life, port: 2, uuid: worker, processId: worker });
  const away = (ms: number) =>
    Promise.all([
      store.owner.query(`update aos.api_replicas set lease_until = now() - $1 * interval '1 ms'`, [
        ms,
      ]),
      store.owner.query(
        `update aos.workers set state = 'lost', ended_at = now() - $1 * interval '1 ms'`,
        [ms],
      ),
    ]);
  await away(replicas.REPLICA_LINGER_MS - 5_000);
  assert.equal((await replicas.scrapeTargets(store.api)).length, 2);
  const { scrapeTargets, workersLost } = await readAlertGauges(store.api);
  assert.deepEqual(scrapeTargets, { api: 0, worker: 0 });
  assert.equal(workersLost, 1);
  await away(replicas.REPLICA_LINGER_MS + 1_000);
  assert.deepEqual(await replicas.scrapeTargets(store.api), []);
  await away(16 * 60_000);
  assert.equal((await readAlertGauges(store.api)).workersLost, 0);
});

test('an owner who may not look at the write-ahead log takes nothing else away', async () => {
  await using store = await startTestStore();
  await store.owner.query('alter function aos.alert_gauges() owner to aos_reader');
  const told = await readAlertGauges(store.api);
  assert.equal(told.walBytes, undefined);
  assert.ok(told.walMaxBytes > 1e6 && told.databaseBytes > 1e6);
});

test('alerts are told of old approvals, of silent runs and of runs that nobody has', async () => {
  await using store = await startTestStore();
  await using worker = await startTestWorker(store);
  const nothing = await readAlertGauges(store.api);
  assert.equal(nothing.approvalAgeSeconds, 0);
  assert.equal(nothing.runIdleSeconds, 0);
  assert.equal(nothing.runsOrphaned, 0);
  assert.ok(nothing.walBytes !== undefined && nothing.walBytes > 0);
  assert.ok(nothing.walMaxBytes > 1e6);
  assert.ok(nothing.databaseBytes > 1e6);

  const asks = await store.newRun();
  await worker.journal.commit(await worker.claim(asks), asking('ask').change);
  await store.owner.query(`update aos.approvals set created_at = now() - interval '5 hours'`);
  const runs = await store.newRun();
  await worker.claim(runs);
  await store.owner.query(
    `update aos.runs set started_at = now() - interval '20 minutes' where status = 'running'`,
  );
  await store.owner.query(
    `update aos.events e set at = now() - interval '17 minutes'
       from aos.runs r where r.id = e.run_id and r.status = 'running'`,
  );
  const some = await readAlertGauges(store.api);
  assert.ok(Math.abs(some.approvalAgeSeconds - 5 * 3600) < 60);
  assert.ok(Math.abs(some.runIdleSeconds - 17 * 60) < 60);
  assert.equal(some.runsOrphaned, 0);

  await store.owner.query(`update aos.workers set lease_until = now() - interval '1 second'`);
  assert.equal((await readAlertGauges(store.api)).runsOrphaned, 1);
});
