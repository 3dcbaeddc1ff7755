import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ClaimLost, newId, uuidOf } from '@aos/core';

import { take } from './claims.ts';
import { RESUMED_PLACE } from './fair-share.ts';
import * as runs from './runs.ts';
import { startTestStore, type TestStore } from './store.fixture.ts';
import * as tenants from './tenants.ts';
import {
  completion,
  finished,
  journalOf,
  rowOf,
  startTestWorker,
  type TestWorker,
} from './worker.fixture.ts';
import * as workers from './workers.ts';

async function untilSuspected(observer: TestWorker, suspect: TestWorker): Promise<void> {
  const begun = performance.now();
  while (!(await workers.suspects(observer.database, observer.uuid)).includes(suspect.uuid)) {
    assert.ok(performance.now() - begun < 5_000, 'a dead worker must be noticed');
  }
}

async function stateOf(store: TestStore, worker: TestWorker): Promise<unknown> {
  const [row] = await store.owner.query<{ state: string }>(
    'select state from aos.workers where id = $1',
    [worker.uuid],
  );
  return row?.state;
}

test('a killed worker is noticed by its lock, and its runs go on ahead of new ones', async () => {
  await using store = await startTestStore();
  await using dead = await startTestWorker(store);
  await using other = await startTestWorker(store);
  const runId = await store.newRun({ priority: 3 });
  const claim = await dead.claim(runId);
  await dead.journal.commit(claim, completion('a'));
  assert.deepEqual(await workers.rescue(other.database, other.queue, [dead.uuid]), [], 'it lives');

  await store.owner.query(
    `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted
        and ((classid::bigint << 32) | objid::bigint) = $1`,
    [workers.lockKeyOf(dead.uuid).toString()],
  );
  await untilSuspected(other, dead);
  const rescued = await Promise.all([
    workers.rescue(other.database, other.queue, [dead.uuid]),
    workers.rescue(store.owner, store.queue, [dead.uuid]),
  ]);
  assert.ok(rescued.flat().length <= 1, 'by one of them');
  if (rescued.flat().length === 0) await workers.rescue(other.database, other.queue, [dead.uuid]);
  assert.equal(await stateOf(store, dead), 'lost');
  const row = await rowOf(store, runId);
  assert.deepEqual(
    [row['status'], row['epoch'], row['worker_id'], row['job_state'], row['job_priority']],
    ['queued', 2, null, 'created', RESUMED_PLACE + 3],
  );

  await assert.rejects(dead.journal.commit(claim, finished), ClaimLost);
  assert.deepEqual(await dead.take(), [], 'what was declared dead takes nothing any more');
  assert.equal((await workers.renew(dead.database, dead.uuid)).held, false);
  await store.newRun({ priority: 100 });
  const [again] = await other.take(1);
  assert.equal(again?.run.id, runId);
  assert.equal(again?.epoch, 3);
  assert.deepEqual(
    again?.run.steps.map(({ key }) => key),
    ['a'],
  );
  if (again) await other.journal.commit(again, finished);
  assert.equal((await journalOf(store, runId)).at(-1), 'run.finished');
});

test('a worker whose lease ran out is dead, even when it holds its lock', async () => {
  await using store = await startTestStore();
  await using frozen = await startTestWorker(store);
  await using other = await startTestWorker(store);
  const runId = await store.newRun();
  await frozen.claim(runId);
  await store.owner.query(
    `update aos.workers set lease_until = now() - interval '1 ms' where id = $1`,
    [frozen.uuid],
  );
  assert.deepEqual(await workers.suspects(other.database, other.uuid), [frozen.uuid]);
  assert.deepEqual(await workers.rescue(other.database, other.queue, [frozen.uuid]), [
    uuidOf('run', runId),
  ]);
});

test('live workers never suspect each other, nor themselves, however often they look', async () => {
  await using store = await startTestStore();
  await using a = await startTestWorker(store);
  await using b = await startTestWorker(store);
  await using c = await startTestWorker(store);
  for (let at = 0; at < 50; at++) {
    const seen = await Promise.all(
      [a, b, c].map((one) => workers.suspects(one.database, one.uuid)),
    );
    assert.deepEqual(seen.flat(), []);
  }
  const all = [a, b, c].map(({ uuid }) => uuid);
  assert.deepEqual(await workers.rescue(a.database, a.queue, all), []);
});

test('a worker that is registered without its lock is taken for dead', async () => {
  await using store = await startTestStore();
  await using observer = await startTestWorker(store);
  const uuid = uuidOf('worker', newId('worker')) ?? '';
  await workers.register(store.owner, {
    uuid,
    host: 'h',
    pid: 2,
    version: '0',
    slots: 1,
    skills: [],
    processId: uuid,
    quarantine: false,
  });
  assert.deepEqual(await workers.suspects(observer.database, observer.uuid), [uuid]);
});

test('a worker that is just taking runs is not declared dead with them half taken', async () => {
  await using store = await startTestStore();
  await using slow = await startTestWorker(store);
  await using other = await startTestWorker(store);
  const runId = await store.newRun();
  const fetched = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const queue = {
    ...slow.queue,
    async fetch(...given: Parameters<typeof slow.queue.fetch>) {
      const jobs = await slow.queue.fetch(...given);
      fetched.resolve();
      await goOn.promise;
      return jobs;
    },
  };
  const taking = take(slow.database, queue, slow.uuid, 10);
  await fetched.promise;
  await store.owner.query(
    `update aos.workers set lease_until = now() - interval '1 s' where id = $1`,
    [slow.uuid],
  );
  assert.deepEqual(await workers.rescue(other.database, other.queue, [slow.uuid]), []);
  goOn.resolve();
  assert.equal((await taking).length, 1);
  assert.deepEqual(await workers.rescue(other.database, other.queue, [slow.uuid]), [
    uuidOf('run', runId),
  ]);
});

test('a lease is renewed while it holds, and tells of runs to cancel', async () => {
  await using store = await startTestStore();
  await using worker = await startTestWorker(store);
  const runId = await store.newRun();
  const claim = await worker.claim(runId);
  const { at, ...first } = await workers.renew(worker.database, worker.uuid);
  assert.deepEqual(first, { held: true, cancelling: [], pausing: [] });
  assert.ok(at instanceof Date, 'and of the time of the database');
  await tenants.acting(store.api, 'default', (tx) => runs.cancel(tx, store.queue, runId, 'Ann'));
  const renewal = await workers.renew(worker.database, worker.uuid);
  assert.deepEqual(renewal.cancelling, [{ uuid: claim.uuid, by: 'Ann' }]);
  await workers.stopping(worker.database, worker.uuid);
  assert.equal(
    (await workers.renew(worker.database, worker.uuid)).held,
    true,
    'also while it stops',
  );
  await worker.journal.commit(claim, finished);
  await workers.stopped(worker.database, worker.uuid);
  assert.deepEqual(await workers.renew(worker.database, worker.uuid), {
    held: false,
    cancelling: [],
    pausing: [],
  });
});

test('runs that nobody drives are sent again: without a job, or in the hands of no one', async () => {
  await using store = await startTestStore();
  await using worker = await startTestWorker(store);
  await using gone = await startTestWorker(store);
  const [lost, waiting, orphan, young, later] = [
    await store.newRun(),
    await store.newRun(),
    await store.newRun(),
    await store.newRun(),
    await store.newRun({ startAt: new Date(Date.now() + 3_600_000) }),
  ];
  const held = await gone.take(3);
  const claimOf = (runId: string) => held.find(({ run }) => run.id === runId);
  const waitingClaim = claimOf(waiting);
  if (!waitingClaim || !claimOf(orphan)) throw new Error('They were not taken.');
  await gone.journal.commit(waitingClaim, {
    events: [{ type: 'run.waiting', waitingFor: 'retry' }],
    next: { status: 'waiting', waitingFor: 'retry', wakeAt: new Date(Date.now() - 60_000) },
  });
  const lostUuid = uuidOf('run', lost);
  await store.owner.query(
    `update aos.runs set status = 'queued', worker_id = null, created_at = now() - interval '31 s' where id = $1`,
    [lostUuid],
  );
  await store.owner.query(`update aos.workers set state = 'lost', ended_at = now() where id = $1`, [
    gone.uuid,
  ]);
  await store.owner.query(`delete from pgboss.job where name = 'runs'`);

  assert.equal(await workers.dispatchForgotten(worker.database, worker.queue), 3);
  const taken = (await worker.take()).map(({ run }) => run.id);
  assert.deepEqual(taken.toSorted(), [lost, waiting, orphan].toSorted());
  assert.equal(await workers.dispatchForgotten(worker.database, worker.queue), 0);
  for (const runId of [young, later]) assert.equal((await rowOf(store, runId))['job_state'], null);
  const [late] = await store.owner.query<{ epoch: number }>(
    'select epoch from aos.runs where id = $1',
    [uuidOf('run', orphan)],
  );
  assert.equal(late?.epoch, 3, 'the old holder is fenced');
});

test('rows of workers that ended a day ago go, and their tallies stay', async () => {
  await using store = await startTestStore();
  await using worker = await startTestWorker(store);
  const claim = await worker.claim(await store.newRun());
  await worker.journal.commit(claim, completion('a'));
  await worker.journal.commit(claim, finished);
  await workers.stopped(worker.database, worker.uuid);
  await workers.prune(worker.database);
  assert.equal(await stateOf(store, worker), 'stopped');
  await store.owner.query(`update aos.workers set ended_at = now() - interval '25 h'`);
  await workers.prune(worker.database);
  assert.equal(await stateOf(store, worker), undefined);
  assert.equal((await store.owner.query('select 1 from aos.tallies')).length, 2);
});
