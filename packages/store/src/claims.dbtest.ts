import assert from 'node:assert/strict';
import { test } from 'node:test';

import { uuidOf, newId } from '@aos/core';

import { letGo, take } from './claims.ts';
import * as approvals from './approvals.ts';
import * as runs from './runs.ts';
import { startTestStore } from './store.fixture.ts';
import * as tenants from './tenants.ts';
import {
  aRecord,
  asking,
  completion,
  finished,
  forgetful,
  journalOf,
  rowOf,
  servers,
  startTestWorker,
} from './worker.fixture.ts';

for (const variable of servers) {
  test(`a claim raises the epoch and carries everything there is to know (${variable})`, async () => {
    await using store = await startTestStore(variable);
    await using worker = await startTestWorker(store);
    const runId = await store.newRun({
      goal: { goal: 'Say it', input: { a: [1] }, limits: { wallMs: 3_600_000 }, tags: ['t'] },
      expiresAt: new Date(Date.now() + 60_000),
    });
    const first = await worker.claim(runId);
    assert.equal(first.epoch, 1);
    assert.equal(first.run.workerId, `wrk_${worker.uuid}`);
    assert.equal(first.run.agent.name, 'general');
    assert.deepEqual(first.run.goal.input, { a: [1] });
    assert.equal(first.run.plan?.plan.steps.length, 1);
    assert.deepEqual(first.run.steps, []);
    assert.equal((first.run.deadlineAt?.getTime() ?? 0) - first.run.startedAt.getTime(), 3_600_000);
    assert.deepEqual(await worker.take(), [], 'nobody gets it twice');

    const { approvalId, change } = asking('say');
    await worker.journal.commit(first, {
      events: [
        { type: 'run.planning_failed', attempt: 1, failure: { code: 'internal', detail: '' } },
      ],
      steps: [aRecord('other', { output: null })],
    });
    await worker.journal.commit(first, change);
    await tenants.acting(store.api, 'default', (tx) =>
      approvals.decide(tx, store.queue, approvalId, {
        decision: 'approve',
        by: 'Bo',
        comment: 'Go.',
      }),
    );
    const second = await worker.claim(runId);
    assert.equal(second.epoch, 2);
    assert.deepEqual(second.run.startedAt, first.run.startedAt, 'it started once');
    assert.deepEqual(second.run.deadlineAt, first.run.deadlineAt);
    assert.equal(second.run.planningAttempts, 1);
    assert.deepEqual(second.run.decisions.get(approvalId), {
      stepKey: 'say',
      kind: 'step',
      decision: 'approve',
      by: 'Bo',
      inputHash: 'sha256:0',
      comment: 'Go.',
    });
    const [other, say] = second.run.steps.toSorted((a, b) => (a.key < b.key ? -1 : 1));
    assert.ok(other?.status === 'completed' && other.output === null);
    assert.ok(
      say?.status === 'waiting' &&
        say.wait.for === 'approval' &&
        say.wait.approvalId === approvalId,
    );
    await worker.journal.commit(second, finished);
    assert.equal((await journalOf(store, runId)).length, 6);
  });
}

test('every claim of a run knows the place in the trace that its request named, if it named one', async () => {
  await using store = await startTestStore();
  await using first = await startTestWorker(store);
  await using second = await startTestWorker(store);
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const traced = await store.newRun({ traceparent });
  const plain = await store.newRun();
  const claims = await first.take();
  const given = new Map(claims.map(({ run }) => [run.id, run.traceparent]));
  assert.deepEqual([given.get(traced), given.get(plain)], [traceparent, undefined]);
  await letGo(
    first.database,
    first.queue,
    claims.find(({ run }) => run.id === traced)!,
    0,
  );
  assert.equal((await second.claim(traced)).run.traceparent, traceparent);
});

test('a worker without a live lease gets nothing, and the jobs are still there for others', async () => {
  await using store = await startTestStore();
  await using worker = await startTestWorker(store);
  const runId = await store.newRun();
  const states = [
    `lease_until = now() - interval '1 ms'`,
    `lease_until = now() + interval '1 hour', state = 'stopping'`,
    `state = 'stopped', ended_at = now()`,
    `state = 'lost', ended_at = now()`,
  ];
  for (const state of states) {
    await store.owner.query(`update aos.workers set ${state} where id = $1`, [worker.uuid]);
    assert.deepEqual(await worker.take(), [], state);
    const row = await rowOf(store, runId);
    assert.deepEqual(
      [row['status'], row['epoch'], row['job_state']],
      ['queued', 0, 'created'],
      state,
    );
  }
  assert.deepEqual(
    await take(worker.database, worker.queue, uuidOf('worker', newId('worker')) ?? '', 10),
    [],
  );
  await using other = await startTestWorker(store);
  assert.equal((await other.claim(runId)).epoch, 1);
});

test('a worker that dies while it takes has taken nothing', async () => {
  await using store = await startTestStore();
  await using worker = await startTestWorker(store);
  const runId = await store.newRun();
  const dying = { ...worker.queue, complete: () => Promise.reject(new Error('killed')) };
  await assert.rejects(take(worker.database, dying, worker.uuid, 10), /killed/);
  const row = await rowOf(store, runId);
  assert.deepEqual([row['status'], row['epoch'], row['job_state']], ['queued', 0, 'created']);
  assert.equal((await worker.claim(runId)).epoch, 1);
});

test('a take whose answer was lost still knows what it took', async () => {
  await using store = await startTestStore();
  let lose = true;
  await using worker = await startTestWorker(store, {
    wrap: (database) => forgetful(database, () => lose && !(lose = false)),
  });
  const runId = await store.newRun();
  const [claim, ...none] = await worker.take();
  assert.deepEqual(none, []);
  assert.equal(claim?.run.id, runId);
  assert.ok(!lose);
  if (claim) await worker.journal.commit(claim, finished);
  assert.equal((await rowOf(store, runId))['status'], 'finished');
});

test('a take that was rolled back with its connection took nothing', async () => {
  await using store = await startTestStore();
  await using worker = await startTestWorker(store, {
    wrap: (database) => ({
      ...database,
      transaction: (work) =>
        database.transaction(async (tx) => {
          const result = await work(tx);
          const [me] = await tx.query<{ pid: number }>('select pg_backend_pid() as pid');
          await store.owner.query('select pg_terminate_backend($1)', [me?.pid]);
          return result;
        }),
    }),
  });
  const runId = await store.newRun();
  assert.deepEqual(await worker.take(), []);
  const row = await rowOf(store, runId);
  assert.deepEqual([row['status'], row['epoch'], row['job_state']], ['queued', 0, 'created']);
});

test('jobs of runs that need no worker are completed', async () => {
  await using store = await startTestStore();
  await using worker = await startTestWorker(store);
  const runId = await store.newRun();
  const claim = await worker.claim(runId);
  await worker.journal.commit(claim, finished);
  await store.owner.query(`delete from pgboss.job where name = 'runs'`);
  await store.owner.transaction((tx) =>
    store.queue.send(tx, [
      { uuid: uuidOf('run', runId) ?? '', priority: 0 },
      { uuid: uuidOf('run', newId('run')) ?? '', priority: 0 },
    ]),
  );
  assert.deepEqual(await worker.take(), []);
  const jobs = await store.owner.query<{ state: string }>(
    `select state from pgboss.job where name = 'runs'`,
  );
  assert.deepEqual(
    jobs.map(({ state }) => state),
    ['completed', 'completed'],
  );
});

test('two workers that take at once share the jobs and none is in two hands', async () => {
  await using store = await startTestStore();
  await using a = await startTestWorker(store);
  await using b = await startTestWorker(store);
  const ids = await Promise.all(Array.from({ length: 60 }, () => store.newRun()));
  const taken: string[] = [];
  while (taken.length < 60) {
    const lots = await Promise.all([a.take(7), b.take(7)]);
    const now = lots.flat().map(({ run }) => run.id);
    assert.ok(now.length > 0);
    taken.push(...now);
  }
  assert.deepEqual(taken.toSorted(), ids.toSorted());
});

test('urgent runs come first, those under way before new ones, and later ones later', async () => {
  await using store = await startTestStore();
  await using worker = await startTestWorker(store);
  const low = await store.newRun({ priority: -5 });
  const high = await store.newRun({ priority: 50 });
  await store.newRun({ priority: 100, startAt: new Date(Date.now() + 3_600_000) });
  const under = await store.newRun({ priority: -100 });
  const order = async () => (await worker.take(1))[0]?.run.id;
  await tenants.acting(store.api, 'default', (tx) =>
    runs.dispatchNow(tx, store.queue, uuidOf('run', under) ?? '', -100),
  );
  assert.deepEqual(
    [await order(), await order(), await order(), await order()],
    [under, high, low, undefined],
  );
});

test('a run that was cancelled before it was claimed says so in its claim', async () => {
  await using store = await startTestStore();
  await using worker = await startTestWorker(store);
  const runId = await store.newRun({ startAt: new Date(Date.now() + 3_600_000) });
  await tenants.acting(store.api, 'default', (tx) => runs.cancel(tx, store.queue, runId, 'Ann'));
  assert.equal((await worker.claim(runId)).run.cancelledBy, 'Ann');
});

test('a rerun starts with the steps it keeps', async () => {
  await using store = await startTestStore();
  await using worker = await startTestWorker(store);
  const origin = await store.newRun();
  const claim = await worker.claim(origin);
  await worker.journal.commit(claim, completion('say', { text: 'kept' }));
  await worker.journal.commit(claim, finished);
  const runId = await store.newRun({
    origin: { runId: origin, mode: 'retry', reason: 'again' },
    reuse: [aRecord('say', { status: 'completed', output: { text: 'kept' } })],
  });
  const [step] = (await worker.claim(runId)).run.steps;
  assert.ok(step?.status === 'completed');
  assert.deepEqual(step.output, { text: 'kept' });
});

test('a run that is let go comes back later, under a higher epoch; the old claim is refused', async () => {
  await using store = await startTestStore();
  await using worker = await startTestWorker(store);
  const runId = await store.newRun();
  const stuck = await worker.claim(runId);
  await letGo(worker.database, worker.queue, stuck, 60_000);
  assert.equal((await rowOf(store, runId)).status, 'queued');
  assert.deepEqual(await worker.take(), [], 'not at once');
  await assert.rejects(worker.journal.commit(stuck, completion('say')), { name: 'ClaimLost' });

  await letGo(worker.database, worker.queue, stuck, 0);
  assert.deepEqual(await worker.take(), [], 'a claim that is gone changes nothing');
  await store.owner.query(`update pgboss.job set start_after = now()`);
  const again = await worker.claim(runId);
  assert.equal(again.epoch, stuck.epoch + 2);
});

test('letting go waits for what the worker is writing of the run', async () => {
  await using store = await startTestStore();
  await using worker = await startTestWorker(store);
  const claim = await worker.claim(await store.newRun());
  const waiting = `select 1 from pg_stat_activity
                    where application_name = 'worker' and datname = current_database()
                      and wait_event_type = 'Lock'`;
  const wait = async (count: number) => {
    while ((await store.owner.query(waiting)).length < count) {
      await new Promise((resolve) => void setImmediate(resolve));
    }
  };
  await worker.journal.commit(claim, completion('a'));
  let both: Promise<unknown> | undefined;
  await store.owner.transaction(async (tx) => {
    // In the middle of its statement: it counts what it wrote.
    await tx.query('select 1 from aos.tallies for update');
    const writing = worker.journal.commit(claim, completion('b'));
    await wait(1);
    both = Promise.all([writing, letGo(worker.database, worker.queue, claim, 0)]);
    await wait(2);
  });
  await both;
  const again = await worker.claim(claim.run.id);
  assert.deepEqual(again.run.steps.map(({ key }) => key).toSorted(), ['a', 'b']);
});
