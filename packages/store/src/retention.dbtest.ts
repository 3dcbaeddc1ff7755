import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { uuidOf } from '@aos/core';

import type { Acceptance } from './acceptance.ts';
import * as consumers from './consumers.ts';
import { addEvents, makeOldParts, settled, uuidAt } from './log.fixture.ts';
import * as retention from './retention.ts';
import { startTestStore, type TestStore } from './store.fixture.ts';
import {
  asking,
  completion,
  failed,
  finished,
  startTestWorker,
  type TestWorker,
} from './worker.fixture.ts';
import * as workspace from './workspace.ts';

const KEEP = { runDays: 30, logDays: 30, holdDays: 10 } as const;
const never = new AbortController().signal;

describe('retention', () => {
  let store: TestStore;
  let worker: TestWorker;
  before(async () => {
    store = await startTestStore();
    worker = await startTestWorker(store);
  });
  after(async () => {
    await worker[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  });

  /** A run as if it had been accepted and, unless told otherwise, finished so many days ago. */
  const runOf = async (daysAgo: number, more: Partial<Acceptance> = {}, finish = true) => {
    const runId = `run_${uuidAt(daysAgo)}`;
    await store.newRun({ runId, ...more });
    if (!finish) return runId;
    const claim = await worker.claim(runId);
    await worker.journal.commit(claim, completion('say'));
    await worker.journal.commit(claim, finished);
    await age(runId, daysAgo);
    return runId;
  };
  /** What is finished cannot change, so its trigger is asked to look away. */
  const age = (runId: string, daysAgo: number) =>
    store.owner.transaction(async (tx) => {
      await tx.query('alter table aos.runs disable trigger finished_is_final');
      await tx.query(
        `update aos.runs set finished_at = now() - $2 * interval '1 day' where id = $1`,
        [uuidOf('run', runId), daysAgo],
      );
      await tx.query('alter table aos.runs enable trigger finished_is_final');
    });
  const exists = async (runId: string) => {
    const rows = await store.owner.query('select 1 from aos.runs where id = $1', [
      uuidOf('run', runId),
    ]);
    return rows.length > 0;
  };
  const sweep = () => retention.removeRuns(worker.database, KEEP, never);

  test('a finished run goes with all that belongs to it, once it is old; a young and an unfinished one stay', async () => {
    const key = { key: 'old', bodyHash: Buffer.alloc(32) };
    const old = await runOf(40, { idempotency: key }, false);
    const claim = await worker.claim(old);
    await worker.journal.commit(claim, completion('say'));
    const file = {
      runId: old,
      stepKey: 'say',
      name: 'a.txt',
      epoch: claim.epoch,
      mediaType: 'text/plain',
      content: Buffer.from('x'),
    };
    await workspace.write(worker.database, file);
    const { change } = asking('ask');
    const { next: _next, ...asked } = change;
    await worker.journal.commit(claim, asked);
    await worker.journal.commit(claim, finished);
    await age(old, 40);
    const young = await runOf(20);
    const open = await runOf(50, {}, false);
    assert.equal(await sweep(), 1);
    assert.deepEqual(
      [await exists(old), await exists(young), await exists(open)],
      [false, true, true],
    );
    for (const table of ['goals', 'plans', 'steps', 'approvals', 'artifacts', 'idempotency_keys']) {
      const rows = await store.owner.query(`select 1 from aos.${table} where run_id = $1`, [
        uuidOf('run', old),
      ]);
      assert.deepEqual(rows, [], table);
    }
    const again = await store.newRun({ idempotency: key });
    assert.notEqual(again, old, 'its key is free again');
  });

  test('a run stays while a younger one came of it, and goes together with it', async () => {
    const origin = await runOf(60);
    const rerun = await runOf(10, { origin: { runId: origin, mode: 'replay', reason: 'x' } });
    const parent = await runOf(60);
    const child = await runOf(55, { parentRunId: parent });
    assert.equal(await sweep(), 2);
    assert.deepEqual([await exists(origin), await exists(rerun)], [true, true]);
    assert.deepEqual([await exists(parent), await exists(child)], [false, false]);
    await age(rerun, 45);
    assert.equal(await sweep(), 2);
    assert.deepEqual([await exists(origin), await exists(rerun)], [false, false]);
  });

  test('a run whose dead letter is open stays until somebody has settled it', async () => {
    const runId = `run_${uuidAt(60)}`;
    await store.newRun({ runId });
    await worker.journal.commit(await worker.claim(runId), failed);
    await age(runId, 60);
    const letters = await store.owner.query('select 1 from aos.dead_letters where run_id = $1', [
      uuidOf('run', runId),
    ]);
    assert.equal(letters.length, 1);
    assert.equal(await sweep(), 0);
    await store.owner.query(
      `update aos.dead_letters set discarded_at = now(), discarded_by = 'me', discard_reason = 'x'`,
    );
    assert.equal(await sweep(), 1);
    assert.equal(await exists(runId), false);
  });

  test('every table that names a run by run_id goes with it, or is known not to', async () => {
    const rows = await store.owner.query<{ name: string }>(
      `select c.relname as name
         from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'run_id'
        where c.relnamespace = 'aos'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
          and c.relname not in (select name from aos.tables_of_runs())
        order by 1`,
    );
    assert.deepEqual(
      rows.map(({ name }) => name),
      ['consumer_parts', 'deliveries', 'events', 'idempotency_keys'],
    );
  });

  test('hundreds go in batches, and nobody may ask for less than a day', async () => {
    await store.owner.query(
      `insert into aos.runs (id, tenant_id, agent, agent_version, planner, status, outcome, finished_at)
       select (left(aos.first_run_id(now() - interval '90 days')::text, 24) || lpad(n::text, 12, '0'))::uuid,
              'default', 'general', 1, 'static', 'finished', 'succeeded', now() - interval '90 days'
         from generate_series(1, 450) as n`,
    );
    assert.equal(await sweep(), 450);
    const less = { ...KEEP, runDays: 0 };
    await assert.rejects(retention.removeRuns(worker.database, less, never), /at least a day/);
    await assert.rejects(
      retention.dropParts(worker.database, { ...KEEP, logDays: 0 }),
      /at least a day/,
    );
  });
});

test('a part of the log is dropped while others write, when no run and no reader needs it', async () => {
  await using store = await startTestStore();
  const worker = store.database('aos_worker');
  await makeOldParts(store, 8);
  const uuid = await addEvents(store, ['a', 'b'], { uuid: uuidAt(50) });
  await addEvents(store, ['c'], { uuid: uuidAt(1) });
  await settled(store);
  const create = (name: string) =>
    consumers.create(store.owner, {
      tenant: 'default',
      name,
      types: [],
      parts: 1,
      leaseMs: 1_000,
      from: 'start',
      by: 'me',
    });
  await create('slow');
  await store.owner.query('update aos.log_state set relayed_below = aos.log_below()');

  const writing = new AbortController();
  const writer = keepWriting(store, writing.signal);
  const held = await retention.dropParts(worker, { ...KEEP, holdDays: 365 });
  assert.ok(held.held.length > 0);
  assert.ok(held.held.every(({ reason }) => reason === 'consumer'));
  const parts = async () => (await retention.logParts(store.owner)).parts.length;
  const had = await parts();
  // The reader may hold the log for so long, and no longer.
  const { dropped } = await retention.dropParts(worker, KEEP);
  assert.ok(dropped.length >= 1);
  assert.equal(await parts(), had - dropped.length);
  writing.abort();
  const { written, slowestMs } = await writer;
  assert.ok(written > 20);
  assert.ok(slowestMs < 1_500, `the slowest write took ${slowestMs} ms`);
  const [row] = await store.owner.query<{ n: number }>(
    'select count(*)::int as n from aos.events where run_id = $1',
    [uuid],
  );
  assert.equal(row?.n, 0);
  const [count] = await store.owner.query<{ n: number }>(
    'select count(*)::int as n from aos.events',
  );
  assert.equal(count?.n, written + 1);
  const [state] = await store.owner.query<{ to: string }>(
    'select dropped_to as "to" from aos.log_state',
  );
  assert.ok(BigInt(state?.to ?? 0) > 0n);
});

test('a part that is in use is left for later, and nobody waits behind the attempt', async () => {
  await using store = await startTestStore();
  const worker = store.database('aos_worker');
  await makeOldParts(store, 8);
  await store.owner.query('update aos.log_state set relayed_below = aos.log_below() + 1000000');
  await store.owner.transaction(async (tx) => {
    await tx.query('select 1 from aos.events');
    const began = performance.now();
    const sweeping = retention.dropParts(worker, { ...KEEP, holdDays: 0 });
    const writing = addEvents(store, ['x']);
    const { dropped, held } = await sweeping;
    await writing;
    assert.deepEqual(dropped, []);
    assert.deepEqual(
      held.map(({ reason }) => reason),
      ['busy'],
    );
    assert.ok(performance.now() - began < 5_000);
  });
  const { dropped, held } = await retention.dropParts(worker, { ...KEEP, holdDays: 0 });
  assert.ok(dropped.length > 0);
  assert.deepEqual(held, []);
});

async function keepWriting(
  store: TestStore,
  stop: AbortSignal,
): Promise<{ readonly written: number; readonly slowestMs: number }> {
  let written = 0;
  let slowestMs = 0;
  while (!stop.aborted || written <= 20) {
    const began = performance.now();
    await addEvents(store, ['x']);
    slowestMs = Math.max(slowestMs, performance.now() - began);
    written++;
  }
  return { written, slowestMs };
}
