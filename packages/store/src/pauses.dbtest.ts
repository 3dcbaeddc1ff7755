import assert from 'node:assert/strict';
import { test } from 'node:test';

import { uuidOf, type Pause } from '@aos/core';

import * as approvals from './approvals.ts';
import { createFairShare, RESUMED_FROM } from './fair-share.ts';
import * as pauses from './pauses.ts';
import * as rest from './rest.ts';
import * as runPause from './run-pause.ts';
import * as runs from './runs.ts';
import { take } from './claims.ts';
import { startTestStore, type TestStore } from './store.fixture.ts';
import * as tenants from './tenants.ts';
import { asking, rowOf, servers, startTestWorker, type TestWorker } from './worker.fixture.ts';

const byAnn = { by: 'Ann', reason: 'The bill is too high.' };
const ofTenant = (tenant: string): pauses.PauseOf => ({
  tenant,
  scope: 'tenant',
  name: tenant,
  allTenants: false,
});
const ofSkill = (name: string): pauses.PauseOf => ({
  tenant: 'default',
  scope: 'skill',
  name,
  allTenants: true,
});
const everything: pauses.PauseOf = {
  tenant: 'default',
  scope: 'everything',
  name: '',
  allTenants: true,
};

function pause(store: TestStore, of: pauses.PauseOf): Promise<Pause> {
  return tenants.acting(store.api, of.tenant, (tx) => pauses.pause(tx, of, byAnn));
}

function resume(store: TestStore, of: pauses.PauseOf): Promise<boolean> {
  return tenants.acting(store.api, of.tenant, (tx) => pauses.resume(tx, of, 'Bo'));
}

async function takeAwake(worker: TestWorker, max = 100): Promise<string[]> {
  const known = await pauses.all(worker.database);
  const { database, queue, uuid } = worker;
  const claims = await take(database, queue, uuid, max, { pauses: known });
  return claims.map(({ run }) => run.id);
}

const release = (worker: TestWorker, max = 100): Promise<number> =>
  rest.release(worker.database, worker.queue, worker.uuid, max, createFairShare().placeOf);

for (const variable of servers) {
  test(`runs of a paused tenant lose their jobs, and get them back in order (${variable})`, async () => {
    await using store = await startTestStore(variable);
    await using worker = await startTestWorker(store);
    const theirs: string[] = [];
    for (let n = 0; n < 5; n++) theirs.push(await store.newRun({ tenant: 'other' }));
    const made = await pause(store, ofTenant('other'));
    assert.deepEqual(await pause(store, ofTenant('other')), made, 'asking again changes nothing');
    const own = await store.newRun();

    assert.deepEqual(await takeAwake(worker, 2), [own], 'what comes first is passed over');
    assert.deepEqual(await takeAwake(worker), []);
    for (const runId of theirs) {
      const row = await rowOf(store, runId);
      assert.deepEqual(
        [row['status'], row['waiting_for'], row['job_state'], row['started_at'], row['epoch']],
        ['waiting', 'pause', null, null, 0],
      );
    }
    assert.equal(await release(worker), 0, 'as long as it is paused');
    assert.equal(await resume(store, ofTenant('other')), true);
    assert.equal(await resume(store, ofTenant('other')), false);
    assert.equal(await release(worker, 3), 3, 'at a bounded rate');
    assert.equal(await release(worker, 3), 2);
    const again = (await worker.take(1)).concat(await worker.take(4));
    assert.deepEqual(new Set(again.map(({ run }) => run.id)), new Set(theirs));
  });
}

test('everything paused: new runs stay where they are, and what must end does', async () => {
  await using store = await startTestStore();
  await using worker = await startTestWorker(store);
  const first = await store.newRun();
  const unwanted = await store.newRun({ tenant: 'other' });
  await pause(store, everything);
  await tenants.acting(store.api, 'other', (tx) => runs.cancel(tx, store.queue, unwanted, 'Bo'));
  assert.deepEqual(await takeAwake(worker), [unwanted], 'a worker must cancel it');
  const { status, job_state: job } = await rowOf(store, first);
  assert.deepEqual([status, job], ['queued', 'created']);
  const seen = await store.api.actingFor(['other'], pauses.inForce);
  assert.deepEqual(
    seen.map(({ scope, by, reason }) => ({ scope, by, reason })),
    [{ scope: 'everything', ...byAnn }],
    'all tenants are told',
  );
  await resume(store, everything);
  assert.deepEqual(await takeAwake(worker), [first]);
});

test('a run at rest is looked at when its time is over, and not before', async () => {
  await using store = await startTestStore();
  await using worker = await startTestWorker(store);
  const soon = new Date(Date.now() + 1_500);
  const runId = await store.newRun({ expiresAt: soon });
  await pause(store, ofTenant('default'));
  assert.deepEqual(await takeAwake(worker), []);
  const row = await rowOf(store, runId);
  assert.deepEqual([row['waiting_for'], row['wake_at'], row['job_later']], ['pause', soon, true]);
  await store.owner.query(`update aos.runs set expires_at = now() where id = $1`, [
    uuidOf('run', runId),
  ]);
  await store.owner.query(`update pgboss.job set start_after = now() where id = $1`, [
    uuidOf('run', runId),
  ]);
  assert.deepEqual(await takeAwake(worker), [runId], 'to fail as expired');
});

test('one run is paused, resumed and keeps its place in time', async () => {
  await using store = await startTestStore();
  await using worker = await startTestWorker(store);
  const { placeOf } = createFairShare();
  const act = <T>(work: Parameters<typeof tenants.acting<T>>[2]) =>
    tenants.acting(store.api, 'default', work);
  const later = new Date(Date.now() + 3_600_000);
  const runId = await store.newRun();
  const scheduled = await store.newRun({ startAt: later });
  for (const id of [runId, scheduled, runId]) {
    assert.equal(await act((tx) => runPause.pause(tx, store.queue, id, 'Ann')), 'paused');
  }
  const view = await act((tx) => runs.get(tx, runId));
  assert.deepEqual(view.run.state, { status: 'waiting', waitingFor: 'pause' });
  assert.equal(view.pauseRequestedBy, 'Ann');
  assert.deepEqual(await worker.take(), []);
  assert.equal(await release(worker), 0, 'it is not for the releaser to end it');
  for (const id of [runId, scheduled, runId]) {
    await act((tx) => runPause.resume(tx, store.queue, id, placeOf));
  }
  assert.equal((await rowOf(store, scheduled))['job_later'], true);
  const claim = await worker.claim(runId);
  await act((tx) => runPause.pause(tx, store.queue, runId, 'Ann'));
  assert.equal((await rowOf(store, runId))['status'], 'running', 'until its next step boundary');
  await worker.journal.commit(claim, {
    events: [{ type: 'run.waiting', waitingFor: 'pause', by: 'Ann' }],
    next: { status: 'waiting', waitingFor: 'pause' },
  });
  await act((tx) => runPause.resume(tx, store.queue, runId, placeOf));
  assert.ok(Number((await rowOf(store, runId))['job_priority']) >= RESUMED_FROM);
  await assert.rejects(
    act((tx) => runPause.pause(tx, store.queue, 'run_x', 'Ann')),
    {
      code: 'run_not_found',
    },
  );
});

test('what a human is asked stays asked while the run is paused, and the answer wakes it later', async () => {
  await using store = await startTestStore();
  await using worker = await startTestWorker(store);
  const runId = await store.newRun();
  const claim = await worker.claim(runId);
  const { approvalId, change } = asking('say');
  await worker.journal.commit(claim, change);
  const act = <T>(work: Parameters<typeof tenants.acting<T>>[2]) =>
    tenants.acting(store.api, 'default', work);
  await act((tx) => runPause.pause(tx, store.queue, runId, 'Ann'));
  assert.equal((await rowOf(store, runId))['waiting_for'], 'approval');
  await act((tx) =>
    approvals.decide(tx, store.queue, approvalId, { decision: 'approve', by: 'Bo' }),
  );
  const again = await worker.claim(runId);
  assert.equal(again.run.pausedBy, 'Ann', 'so that the engine puts it to rest');
  const wait = { type: 'run.waiting', waitingFor: 'pause' } as const;
  const next = { status: 'waiting', waitingFor: 'pause' } as const;
  await worker.journal.commit(again, { events: [wait], next });
  const row = await rowOf(store, runId);
  assert.deepEqual(
    [row['status'], row['job_state']],
    ['waiting', null],
    'a known answer is no news',
  );
});

test('a run that rests for a skill goes on when one of its skills may be used again', async () => {
  await using store = await startTestStore();
  await using worker = await startTestWorker(store);
  await pause(store, ofSkill('echo'));
  await pause(store, ofSkill('send'));
  const runId = await store.newRun({ tenant: 'other' });
  const claim = await worker.claim(runId);
  const skills = ['echo', 'send'];
  await worker.journal.commit(claim, {
    events: [{ type: 'run.waiting', waitingFor: 'pause', skills }],
    next: { status: 'waiting', waitingFor: 'pause', pausedSkills: skills },
  });
  const { pausedSkills } = await store.api.actingFor(['other'], (tx) => runs.get(tx, runId));
  assert.deepEqual(pausedSkills, skills);
  assert.equal(await release(worker), 0);
  await resume(store, ofSkill('send'));
  assert.equal(await release(worker), 1);
  assert.equal((await worker.claim(runId)).epoch, 2);
});

test('with thousands of runs at rest, looking for those to send on stays quick', async () => {
  await using store = await startTestStore();
  await using worker = await startTestWorker(store);
  const count = 20_000;
  await store.owner.query(
    `insert into aos.runs (id, tenant_id, agent, agent_version, planner, status, waiting_for)
     select gen_random_uuid(), 'other', 'general', 1, 'static', 'waiting', 'pause'
       from generate_series(1, $1)`,
    [count],
  );
  await store.owner.query('analyze aos.runs');
  await pause(store, ofTenant('other'));
  const mine = await store.newRun();
  await pause(store, ofTenant('default'));
  await takeAwake(worker);
  await resume(store, ofTenant('default'));
  const read = async () => {
    const [row] = await store.owner.query<{ read: string }>(
      `select coalesce(sum(idx_tup_read), 0) as read from pg_stat_user_indexes
        where indexrelname in ('runs_paused', 'runs_unfinished', 'runs_pkey')`,
    );
    return Number(row?.read);
  };
  const before = await read();
  assert.equal(await release(worker), 1);
  await worker.database.query('select pg_stat_force_next_flush()');
  const entries = (await read()) - before;
  assert.ok(entries > 0 && entries < 1_000, `${entries} index entries`);
  assert.equal((await rowOf(store, mine))['status'], 'queued');
});
