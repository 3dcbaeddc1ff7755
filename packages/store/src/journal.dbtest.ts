import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ClaimLost, type Change } from '@aos/core';

import type { Claim } from './claims.ts';
import { isBusy, isConflict, sqlState } from './db.ts';
import { openJournal } from './journal.ts';
import * as steps from './steps.ts';
import * as tallies from './tallies.ts';
import { startTestStore, type TestStore } from './store.fixture.ts';
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
  type TestWorker,
} from './worker.fixture.ts';

const started: Change = { events: [{ type: 'run.started', workerId: 'wrk', epoch: 1 }] };

async function claims(store: TestStore, worker: TestWorker, count: number): Promise<Claim[]> {
  await Promise.all(Array.from({ length: count }, () => store.newRun()));
  const taken: Claim[] = [];
  while (taken.length < count) taken.push(...(await worker.take(count - taken.length)));
  return taken;
}

async function attempts(store: TestStore): Promise<number> {
  const { skillAttempts } = await tallies.sum(store.owner);
  return skillAttempts.reduce((sum, { count }) => sum + count, 0);
}

async function eventsOf(store: TestStore, type: string): Promise<number> {
  const rows = await store.owner.query(`select 1 from aos.events where type = $1`, [type]);
  return rows.length;
}

for (const variable of servers) {
  test(`changes of many runs share commits; every run keeps its order (${variable})`, async () => {
    await using store = await startTestStore(variable);
    await using worker = await startTestWorker(store);
    const sizes: number[] = [];
    const journal = openJournal(worker.database, worker.queue, {
      workerUuid: worker.uuid,
      onBatch: (size) => sizes.push(size),
    });
    const held = await claims(store, worker, 60);
    await Promise.all(
      held.flatMap((claim) => [
        journal.commit(claim, started),
        ...['a', 'b', 'c'].map((key) => journal.commit(claim, completion(key))),
        journal.commit(claim, finished),
      ]),
    );
    await journal.drained();
    assert.equal(
      sizes.reduce((sum, size) => sum + size, 0),
      300,
    );
    assert.ok(sizes.length <= 10 && Math.max(...sizes) <= 256, sizes.join(' '));
    for (const { run } of held) {
      assert.deepEqual((await journalOf(store, run.id)).slice(2), [
        'run.started',
        'step.completed',
        'step.completed',
        'step.completed',
        'run.finished',
      ]);
      const row = await rowOf(store, run.id);
      assert.deepEqual(
        [row['status'], row['outcome'], row['worker_id'], row['job_state']],
        ['finished', 'succeeded', null, 'completed'],
      );
    }
    assert.equal(await attempts(store), 180);
    assert.deepEqual((await tallies.sum(store.owner)).runs, [
      { outcome: 'succeeded', planner: 'static', count: 60 },
    ]);
  });
}

test('every state of a step comes back as it was written', async () => {
  await using store = await startTestStore();
  await using worker = await startTestWorker(store);
  const [claim] = await claims(store, worker, 1);
  if (!claim) throw new Error('There is no claim.');
  const failure = {
    code: 'target_failed',
    detail: 'x',
    retryAfterMs: 5,
    problems: [{ pointer: '#', detail: 'y' }],
  } as const;
  const until = new Date(Date.now() + 60_000);
  const { change, approvalId } = asking('e');
  const records = [
    aRecord('a', { status: 'completed', output: null }),
    aRecord('b', { status: 'failed', failure }),
    aRecord('c', { status: 'failed', failure, output: [1] }),
    aRecord('d[3]', {
      status: 'waiting',
      wait: { for: 'retry', until, failure },
      inputHash: 'sha256:1',
    }),
    aRecord('f', { status: 'skipped', reason: 'input_missing' }),
    aRecord('g', { status: 'started', effect: 'unkeyed', attempt: 4 }),
  ];
  await worker.journal.commit(claim, {
    ...started,
    steps: [aRecord('g', { status: 'started' }), ...records],
  });
  await worker.journal.commit(claim, change);
  const stored = await steps.list(store.owner, claim.run.id);
  const byKey = (key: string) => stored.find((step) => step.key === key);
  for (const record of records) assert.deepEqual(byKey(record.key), record);
  assert.deepEqual(byKey('e')?.status === 'waiting' && byKey('e'), {
    ...byKey('e'),
    wait: { for: 'approval', approvalId },
  });
});

test('a worker that lost its claim writes nothing: no fact, no step, no count, no end', async () => {
  await using store = await startTestStore();
  await using worker = await startTestWorker(store);
  await using other = await startTestWorker(store);
  const [claim] = await claims(store, worker, 1);
  if (!claim) throw new Error('There is no claim.');
  await worker.journal.commit(claim, started);
  const before = await journalOf(store, claim.run.id);
  const stale: readonly (readonly [string, string])[] = [
    ['a higher epoch', 'epoch = epoch + 1'],
    ['another worker', `worker_id = '${other.uuid}'`],
    ['nobody', `status = 'queued', worker_id = null`],
  ];
  for (const [what, set] of stale) {
    await store.owner.query(`update aos.runs set ${set} where id = $1`, [claim.uuid]);
    const row = await rowOf(store, claim.run.id);
    for (const change of [completion('a'), finished, asking('b').change]) {
      await assert.rejects(worker.journal.commit(claim, change), ClaimLost, what);
    }
    assert.deepEqual(await rowOf(store, claim.run.id), row, what);
    assert.deepEqual(await journalOf(store, claim.run.id), before);
    assert.deepEqual(await steps.list(store.owner, claim.run.id), []);
    await store.owner.query(
      `update aos.runs set status = 'running', worker_id = $2, epoch = $3 where id = $1`,
      [claim.uuid, worker.uuid, claim.epoch],
    );
  }
  assert.equal(await attempts(store), 0);
  assert.deepEqual(await store.owner.query('select 1 from aos.approvals'), []);
});

test('one lost claim in a batch does not hurt the others', async () => {
  await using store = await startTestStore();
  await using worker = await startTestWorker(store);
  const held = await claims(store, worker, 20);
  const lost = held[7];
  await store.owner.query('update aos.runs set epoch = epoch + 1 where id = $1', [lost?.uuid]);
  const given = await Promise.allSettled(
    held.map((claim) => worker.journal.commit(claim, completion('a'))),
  );
  assert.deepEqual(
    given.map(({ status }) => status),
    held.map((claim) => (claim === lost ? 'rejected' : 'fulfilled')),
  );
  assert.equal(await attempts(store), 19);
});

test('answers that get lost are found out about, and nothing is written or counted twice', async () => {
  await using store = await startTestStore();
  let commits = 0;
  await using worker = await startTestWorker(store, {
    wrap: (database) => forgetful(database, () => ++commits % 3 !== 0),
  });
  const held = await claims(store, worker, 12);
  await Promise.all(
    held.map(async (claim, at) => {
      await worker.journal.commit(claim, started);
      for (const key of ['a', 'b', 'c']) await worker.journal.commit(claim, completion(key));
      await worker.journal.commit(claim, at % 2 ? finished : asking('d').change);
    }),
  );
  for (const [at, { run }] of held.entries()) {
    const types = (await journalOf(store, run.id)).slice(2);
    const end = at % 2 ? ['run.finished'] : ['approval.requested', 'run.waiting'];
    assert.deepEqual(types, [
      'run.started',
      'step.completed',
      'step.completed',
      'step.completed',
      ...end,
    ]);
    assert.equal((await rowOf(store, run.id))['job_state'], at % 2 ? 'completed' : null);
  }
  assert.equal(await attempts(store), 36);
  const { runs } = await tallies.sum(store.owner);
  assert.deepEqual(
    runs.map(({ count }) => count),
    [6],
  );
});

test('a commit whose connection is killed is sent again until it stands', async () => {
  await using store = await startTestStore();
  let kills = 3;
  await using worker = await startTestWorker(store, {
    wrap: (database) => ({
      ...database,
      transaction: (work) =>
        database.transaction(async (tx) => {
          const result = await work(tx);
          if (kills-- > 0) {
            const [me] = await tx.query<{ pid: number }>('select pg_backend_pid() as pid');
            await store.owner.query('select pg_terminate_backend($1)', [me?.pid]);
          }
          return result;
        }),
    }),
  });
  kills = 0;
  const [claim] = await claims(store, worker, 1);
  if (!claim) throw new Error('There is no claim.');
  kills = 3;
  await worker.journal.commit(claim, completion('a'));
  await worker.journal.commit(claim, finished);
  assert.deepEqual((await journalOf(store, claim.run.id)).slice(2), [
    'step.completed',
    'run.finished',
  ]);
  assert.equal(await attempts(store), 1);
});

test('a deadlock is no failure: the batch is sent again', async () => {
  await using store = await startTestStore();
  const states: unknown[] = [];
  await using worker = await startTestWorker(store, {
    wrap: (database) => ({
      ...database,
      query: (text, values) =>
        database.query<never>(text, values).catch((error: unknown) => {
          states.push(sqlState(error));
          throw error;
        }),
    }),
  });
  const held = (await claims(store, worker, 2)).toSorted((a, b) => (a.uuid < b.uuid ? -1 : 1));
  const journal = openJournal(worker.database, worker.queue, { workerUuid: worker.uuid, lanes: 1 });
  const [first, second] = held;
  if (!first || !second) throw new Error('There are no claims.');
  const lock = 'select 1 from aos.steps where run_id = $1 and key = $2 for update';
  const blocked = `select 1 from pg_stat_activity where application_name = 'worker' and datname = current_database() and wait_event_type = 'Lock'`;
  let times = 0;
  // The server ends either of the two; now and then it is not the journal.
  for (; times < 5 && !states.includes('40P01'); times++) {
    let writing: Promise<unknown> | undefined;
    const key = `s${times}`;
    const begin = { ...started, steps: [aRecord(key, { status: 'started' })] };
    await Promise.all(held.map((claim) => journal.commit(claim, begin)));
    const meeting = store.owner.transaction(async (tx) => {
      await tx.query(lock, [second.uuid, key]);
      writing = Promise.all(held.map((claim) => journal.commit(claim, completion(key))));
      while ((await store.owner.query(blocked)).length === 0) {
        await new Promise((resolve) => void setImmediate(resolve));
      }
      await tx.query(lock, [first.uuid, key]);
    });
    await meeting.catch((error: unknown) => assert.ok(isConflict(error) || isBusy(error)));
    await writing;
  }
  assert.ok(states.includes('40P01'), states.join(' '));
  assert.equal(await attempts(store), 2 * times);
});

test('what cannot be stored hurts only its own run, and leaves no gap in it', async () => {
  await using store = await startTestStore();
  await using worker = await startTestWorker(store);
  const held = await claims(store, worker, 9);
  const poison = [
    completion('bad', { text: 'NUL \0' }),
    completion('bad', { text: '\uD800' }),
    { events: [{ type: 'step.skipped', step: '\0', reason: 'condition' }] } satisfies Change,
  ];
  const given = await Promise.allSettled(
    held.flatMap((claim, at) => [
      worker.journal.commit(claim, started),
      worker.journal.commit(claim, at < 3 ? (poison[at] as Change) : completion('good')),
      worker.journal.commit(claim, completion('after')),
    ]),
  );
  for (const [at, one] of given.entries()) {
    const bad = at < 9 && at % 3 === 1;
    assert.equal(one.status, bad ? 'rejected' : 'fulfilled', `${at}`);
    if (one.status === 'rejected') assert.ok(!(one.reason instanceof ClaimLost));
  }
  for (const [at, { run }] of held.entries()) {
    const types = (await journalOf(store, run.id)).slice(2);
    const wanted =
      at < 3
        ? ['run.started', 'step.completed']
        : ['run.started', 'step.completed', 'step.completed'];
    assert.deepEqual(types, wanted);
  }
  await Promise.all(held.map((claim) => worker.journal.commit(claim, finished)));
  assert.equal(await eventsOf(store, 'run.finished'), 9);
});

test('a change without a fact is refused before it can disturb the others', async () => {
  await using store = await startTestStore();
  await using worker = await startTestWorker(store);
  const [a, b] = await claims(store, worker, 2);
  if (!a || !b) throw new Error('There are no claims.');
  const given = await Promise.allSettled([
    worker.journal.commit(a, completion('x')),
    worker.journal.commit(b, { events: [] }),
    worker.journal.commit(b, completion('x')),
  ]);
  assert.deepEqual(
    given.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  for (const { run } of [a, b]) await journalOf(store, run.id);
});

test('after the lease is gone nothing is written any more', async () => {
  await using store = await startTestStore();
  await using worker = await startTestWorker(store);
  const [claim] = await claims(store, worker, 1);
  if (!claim) throw new Error('There is no claim.');
  const last = worker.journal.commit(claim, completion('a'));
  worker.journal.abandon();
  await assert.rejects(last, ClaimLost);
  await assert.rejects(worker.journal.commit(claim, finished), ClaimLost);
  await worker.journal.drained();
  assert.equal((await journalOf(store, claim.run.id)).length, 2);
});

test('the tallies of workers that write at once equal their journal', async () => {
  await using store = await startTestStore();
  await using a = await startTestWorker(store);
  await using b = await startTestWorker(store);
  const work = async (worker: TestWorker) => {
    const held = await claims(store, worker, 30);
    await Promise.all(
      held.map(async (claim, at) => {
        await worker.journal.commit(claim, completion('a'));
        await worker.journal.commit(claim, {
          events: [
            {
              type: 'step.failed',
              step: 'b',
              skill: `s${at % 3}`,
              attempt: 1,
              durationMs: 1,
              failure: { code: 'internal', detail: '' },
            },
            {
              type: 'step.failed',
              step: 'c',
              skill: 'never',
              attempt: 0,
              durationMs: 0,
              failure: { code: 'internal', detail: '' },
            },
          ],
        });
        const outcome = at % 2 ? 'failed' : 'succeeded';
        await worker.journal.commit(claim, {
          events: [{ type: 'run.finished', outcome, durationMs: 1 }],
          next: { status: 'finished', outcome },
        });
      }),
    );
  };
  await Promise.all([work(a), work(b)]);
  const told = await tallies.sum(store.owner);
  const facts = await store.owner.query<{ skill: string; count: number }>(
    `select data ->> 'skill' as skill, count(*)::int
       from aos.events
      where type in ('step.completed', 'step.failed') and (data ->> 'attempt')::int > 0
      group by 1 order by 1`,
  );
  assert.deepEqual(told.skillAttempts, facts);
  const ends = await store.owner.query(
    `select outcome, planner, count(*)::int from aos.runs where status = 'finished' group by 1, 2 order by 1`,
  );
  assert.deepEqual(told.runs, ends);
});
