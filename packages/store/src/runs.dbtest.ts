import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { RESUMED_PLACE } from './fair-share.ts';
import * as runs from './runs.ts';
import { startTestStore, type TestStore } from './store.fixture.ts';
import * as tenants from './tenants.ts';

describe('runs in the store', () => {
  let store: TestStore;
  before(async () => {
    store = await startTestStore();
  });
  after(() => store[Symbol.asyncDispose]());

  const get = (tenant: string, id: string) =>
    store.api.actingFor([tenant], (tx) => runs.get(tx, id));
  const cancel = (id: string, by = 'tester') =>
    tenants.acting(store.api, 'default', (tx) => runs.cancel(tx, store.queue, id, by));
  const job = async (id: string) =>
    (
      await store.owner.query<{ state: string; priority: number; due: boolean }>(
        `select state, priority, start_after <= now() as due from pgboss.job where id = $1`,
        [id.slice(4)],
      )
    )[0];

  test('a run belongs to its tenant: to others it is not there, and without a tenant nothing is', async () => {
    const id = await store.newRun();
    assert.equal((await get('default', id)).run.id, id);
    await assert.rejects(get('other', id), { code: 'run_not_found' });
    await assert.rejects(runs.get(store.api, id), { code: 'run_not_found' });
    await assert.rejects(
      store.api.actingFor(['other'], (tx) => runs.cancel(tx, store.queue, id, 'thief')),
      { code: 'run_not_found' },
    );
    const page = await store.api.actingFor(['other'], (tx) =>
      runs.list(tx, 'default', {}, { limit: 10 }),
    );
    assert.deepEqual(page.items, [], 'naming another tenant does not help');
  });

  test('what is no id of a run is not found', async () => {
    for (const id of [
      '',
      'run_',
      'run_x',
      "run_' or true --",
      'apr_01a209b7-7824-7a98-b4dc-b4d5dc2351b7',
    ]) {
      await assert.rejects(get('default', id), { code: 'run_not_found' });
    }
  });

  test('pages of runs made in the same instant miss and repeat nothing', async () => {
    const ids = await Promise.all(
      Array.from({ length: 30 }, () => store.newRun({ tenant: 'other' })),
    );
    const seen: string[] = [];
    for (let place: runs.RunPlace | undefined; ;) {
      const page = await store.api.actingFor(['other'], (tx) =>
        runs.list(tx, 'other', {}, { limit: 7, ...(place && { after: place }) }),
      );
      seen.push(...page.items.map(({ run }) => run.id));
      if (!page.next) break;
      place = page.next;
    }
    assert.equal(seen.length, 30);
    assert.deepEqual(seen.toSorted(), ids.toSorted());
  });

  test('cancelling a queued run brings its job forward; the first who asked is on record', async () => {
    const id = await store.newRun({ startAt: new Date(Date.now() + 3_600_000), priority: 2 });
    assert.equal((await job(id))?.due, false);
    assert.equal(await cancel(id, 'first'), 'asked');
    assert.deepEqual(await job(id), { state: 'created', priority: RESUMED_PLACE + 2, due: true });
    assert.equal(await cancel(id, 'second'), 'asked');
    assert.equal((await get('default', id)).cancelRequestedBy, 'first');
  });

  test('a cancel that meets a worker head-on is sent again, so that its caller sees nothing of it', async () => {
    const id = await store.newRun();
    const worker = await store.owner.connect();
    await worker.query('begin');
    await worker.query(`select from pgboss.job where id = $1 for update`, [id.slice(4)]);
    // It holds the run and waits for the job.
    const cancelling = cancel(id);
    await until(async () => {
      const rows = await store.owner.query(
        `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
      );
      return rows.length === 1;
    });
    // The worker holds the job and waits for the run: one of both must give way.
    await worker.query(`update aos.runs set priority = 9 where id = $1`, [id.slice(4)]);
    await worker.query('commit');
    await worker.end();
    assert.equal(await cancelling, 'asked');
    assert.equal((await get('default', id)).run.priority, 9, 'it was the cancel that gave way');
  });

  test('runs ahead are those of the tenant that could start and come first', async () => {
    await store.owner.query(
      `update aos.runs set status = 'finished', outcome = 'cancelled', finished_at = now()`,
    );
    const low = await store.newRun({ priority: -5 });
    await store.newRun();
    await store.newRun({ startAt: new Date(Date.now() + 60_000) });
    await store.newRun({ tenant: 'other' });
    const high = await store.newRun({ priority: 5 });
    const ahead = async (id: string) =>
      store.api.actingFor(['default'], async (tx) =>
        runs.countAhead(tx, (await runs.get(tx, id)).run),
      );
    assert.equal(await ahead(low), 2);
    assert.equal(await ahead(high), 0);
  });
});

async function until(fact: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 10_000;
  while (!(await fact())) assert.ok(Date.now() < end, 'It did not happen.');
}

test('a page looks at 10,000 runs at the most, and says where to read on', async () => {
  await using store = await startTestStore();
  await store.owner.query(
    `with made as (
       insert into aos.runs (id, tenant_id, agent, agent_version, planner, created_at)
       select gen_random_uuid(), 'default', 'general', 1, 'static', now() - n * interval '1 s'
         from generate_series(1, $1) as n
     returning id, tenant_id, created_at)
     insert into aos.goals (tenant_id, run_id, goal, tags)
     select tenant_id, id, 'Many', case when created_at = min(created_at) over () then '{rare}'::text[] else '{}' end
       from made`,
    [runs.LOOKED_AT_MAX + 5],
  );
  const first = await runs.list(store.owner, 'default', { tag: 'rare' }, { limit: 10 });
  assert.deepEqual(first.items, []);
  assert.ok(first.next);
  const second = await runs.list(
    store.owner,
    'default',
    { tag: 'rare' },
    { limit: 10, after: first.next },
  );
  assert.equal(second.items.length, 1);
  assert.equal(second.next, undefined);
  const some = await runs.list(store.owner, 'default', {}, { limit: 10 });
  assert.equal(some.items.length, 10);
});
