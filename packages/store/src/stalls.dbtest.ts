import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Change } from '@aos/core';

import { adopt } from './adopt.ts';
import type { Claim } from './claims.ts';
import * as runs from './runs.ts';
import { startTestStore, type TestStore } from './store.fixture.ts';
import * as tenants from './tenants.ts';
import { completion, servers, startTestWorker, type TestWorker } from './worker.fixture.ts';
import * as workers from './workers.ts';

const started: Change = { events: [{ type: 'run.started', workerId: 'wrk', epoch: 1 }] };

/** A worker claims the run, does what it is told with it, and dies; another one gives the run back. */
async function dieWith(
  store: TestStore,
  runId: string,
  act: (worker: TestWorker, claim: Claim) => Promise<unknown> = async () => {},
): Promise<void> {
  await using worker = await startTestWorker(store);
  const claim = await worker.claim(runId);
  await act(worker, claim);
  await worker.session.end();
  await rescue(store, worker.uuid);
}

async function rescue(store: TestStore, uuid: string): Promise<void> {
  await store.owner.query(
    `update aos.workers set lease_until = now() - interval '1 s' where id = $1`,
    [uuid],
  );
  await using rescuer = await startTestWorker(store);
  assert.ok((await workers.rescue(rescuer.database, rescuer.queue, [uuid])).length > 0);
}

for (const server of servers) {
  test(`a run whose workers die is isolated after two, and not executed after three (${server})`, async () => {
    await using store = await startTestStore(server);
    const runId = await store.newRun();
    await dieWith(store, runId);
    await dieWith(store, runId);
    const innocent = await store.newRun();
    await using regular = await startTestWorker(store);
    const claims = await regular.take();
    assert.deepEqual(
      claims.map(({ run }) => run.id),
      [innocent],
      'a regular worker takes the others only',
    );
    assert.equal(await store.queue.hasSuspects(store.owner), true);
    assert.deepEqual(await regular.take(), [], 'it is not looked at again and again');

    await using alone = await startTestWorker(store);
    const [claim] = await alone.take(1, 'suspect');
    assert.equal(claim?.run.id, runId);
    assert.equal(claim?.run.stalls, 2);
    assert.equal(await store.queue.hasSuspects(store.owner), false);
    await rescue(store, alone.uuid);

    assert.deepEqual(await regular.take(), [], 'whoever was cut off may still come back');
    await using later = await startTestWorker(store);
    assert.deepEqual(await later.take(1, 'suspect'), [], 'which takes its time');
    await store.owner.query(`update aos.workers set ended_at = ended_at - interval '10 s'`);
    await store.owner.query(`update pgboss.job set start_after = now() where id = $1`, [
      runId.slice(4),
    ]);
    const [again] = await later.take(1, 'suspect');
    assert.equal(again?.run.stalls, 3, 'whoever claims it now ends it');
  });
}

test('progress makes a run unsuspicious: completed steps count, an announcement does not', async () => {
  await using store = await startTestStore();
  const runId = await store.newRun();
  await dieWith(store, runId, async (worker, claim) => worker.journal.commit(claim, started));
  await dieWith(store, runId, async (worker, claim) =>
    worker.journal.commit(claim, completion('say')),
  );
  await dieWith(store, runId);
  await using worker = await startTestWorker(store);
  assert.equal((await worker.claim(runId)).run.stalls, 1);
});

test('a process that comes back under a new lease was cut off, and did not die of the run', async () => {
  await using store = await startTestStore();
  const runId = await store.newRun();
  for (let cuts = 0; cuts < 4; cuts++) {
    await using worker = await startTestWorker(store);
    const claim = await worker.claim(runId);
    const workerId = `wrk_${worker.uuid}`;
    await worker.journal.commit(claim, {
      events: [{ type: 'run.started', workerId, epoch: claim.epoch }],
    });
    await worker.session.end();
    await rescue(store, worker.uuid);
    await (await startTestWorker(store, { processId: worker.uuid }))[Symbol.asyncDispose]();
  }
  await using worker = await startTestWorker(store);
  assert.equal((await worker.claim(runId)).run.stalls, 0);
});

test('a process that was cut off before it wrote anything down did not die of the run either', async () => {
  await using store = await startTestStore();
  const runId = await store.newRun();
  for (let cuts = 0; cuts < 4; cuts++) {
    await using worker = await startTestWorker(store);
    await worker.claim(runId);
    await worker.session.end();
    await rescue(store, worker.uuid);
    await (await startTestWorker(store, { processId: worker.uuid }))[Symbol.asyncDispose]();
  }
  await dieWith(store, runId);
  await using worker = await startTestWorker(store);
  assert.equal((await worker.claim(runId)).run.stalls, 1);
});

test('a suspected run that is cancelled is still taken, to be ended', async () => {
  await using store = await startTestStore();
  const runId = await store.newRun();
  await dieWith(store, runId);
  await dieWith(store, runId);
  await using worker = await startTestWorker(store);
  assert.deepEqual(await worker.take(), []);
  await tenants.acting(store.api, 'default', (tx) => runs.cancel(tx, store.queue, runId, 'Bo'));
  const claims = [...(await worker.take()), ...(await worker.take(1, 'suspect'))];
  assert.deepEqual(
    claims.map(({ run }) => run.cancelledBy),
    ['Bo'],
  );
});

test('a database that was adopted after a restore makes no run suspicious', async () => {
  await using store = await startTestStore();
  const runId = await store.newRun();
  await dieWith(store, runId);
  await adopt(store.url, 'A restore.');
  await using worker = await startTestWorker(store);
  assert.equal((await worker.claim(runId)).run.stalls, 1);
});

test('workers that die without the run in hand did not die of it', async () => {
  await using store = await startTestStore();
  const runId = await store.newRun();
  await dieWith(store, runId);
  for (let deaths = 0; deaths < 3; deaths++) {
    const other = await store.newRun();
    await using worker = await startTestWorker(store);
    const taken = (await worker.take(10)).map(({ run }) => run.id);
    assert.ok(taken.includes(runId) && taken.includes(other));
    await worker.session.end();
    // It was let go of before its worker died.
    await store.owner.query(
      `update aos.runs set status = 'queued', worker_id = null, epoch = epoch + 1
        where id = $1 and status = 'running'`,
      [runId.slice(4)],
    );
    await store.queue.resend(store.owner, [{ uuid: runId.slice(4), priority: 0 }]);
    await rescue(store, worker.uuid);
  }
  await using worker = await startTestWorker(store);
  const claim = (await worker.take(10)).find(({ run }) => run.id === runId);
  assert.equal(claim?.run.stalls, 1);
});

test('a restart of the server ends all lives, and is blamed on no run', async () => {
  await using store = await startTestStore();
  const runId = await store.newRun();
  for (let restarts = 0; restarts < 3; restarts++) {
    await using worker = await startTestWorker(store);
    await worker.claim(runId);
    await worker.session.end();
    await store.owner.query(
      `update aos.workers set started_at = pg_postmaster_start_time() - interval '1 s' where id = $1`,
      [worker.uuid],
    );
    await rescue(store, worker.uuid);
  }
  await using worker = await startTestWorker(store);
  assert.equal((await worker.claim(runId)).run.stalls, 0);
});

test('of very many deaths the last eight are kept', async () => {
  await using store = await startTestStore();
  const runId = await store.newRun();
  for (let deaths = 0; deaths < 10; deaths++) {
    await using worker = await startTestWorker(store);
    const [claim] = [...(await worker.take()), ...(await worker.take(1, 'suspect'))];
    if (!claim)
      await store.owner.query(
        `update aos.runs set status = 'running', worker_id = $1, epoch = epoch + 1`,
        [worker.uuid],
      );
    await worker.session.end();
    await rescue(store, worker.uuid);
  }
  const [row] = await store.owner.query<{ kept: number; last: boolean }>(
    `select cardinality(lost_claims) as kept, (lost_claims[8]).epoch = epoch - 1 as last from aos.runs where id = $1`,
    [runId.slice(4)],
  );
  assert.deepEqual(row, { kept: 8, last: true });
});
