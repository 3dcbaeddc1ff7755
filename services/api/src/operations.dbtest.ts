import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import type { Failure } from '@aos/core';
import { createDatabase } from '@aos/store';

import { echoPlan, startTestApi, type TestApi } from './api.fixture.ts';
import { eventually, startMachine, type Machine } from './machine.fixture.ts';

const failure: Failure = { code: 'target_failed', detail: 'The host answered 500.' };

test('an operation passes no limit of admission, and goes on when there is room', async () => {
  await using api = await startTestApi({
    admission: {
      queueDepthMax: 1_000,
      tenantQueueDepthMax: 6,
      queueAgeMaxS: 1_000_000,
      databaseLatencyMaxMs: 60_000,
    },
  });
  const json = { goal: 'Say it', plan: echoPlan('a') };
  const ids: string[] = [];
  await using first = await startMachine(api.owner, () => undefined);
  while (ids.length < 20) {
    const told = await api.ask('/v1/runs', { json });
    if (told.status === 202) ids.push(told.json.id);
    else await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await eventually(async () => first.done.length === 20);
  await first[Symbol.asyncDispose]();
  const begun = await api.ask('/admin/rerun', {
    json: { runIds: ids, mode: 'replay', reason: 'Again.', canary: [], ratePerSecond: 100 },
  });
  const path = `/admin/operations/${begun.json.id}`;
  const started = async () => (await api.ask(path)).json.progress.started;
  await eventually(async () => (await started()) === 6);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  assert.equal(await started(), 6);
  await using second = await startMachine(api.owner, () => undefined);
  await eventually(async () => (await api.ask(path)).json.state === 'done');
  assert.equal(await started(), 20);
  await eventually(async () => second.done.length === 20);
});

describe('operations on many runs', () => {
  let api: TestApi;
  let machine: Machine;
  before(async () => {
    api = await startTestApi({ requestsPerSecond: 10_000 });
    machine = await startMachine(api.owner, ({ goal }) =>
      goal.tags.includes('bad') ? failure : undefined,
    );
  });
  after(async () => {
    await machine[Symbol.asyncDispose]();
    await api[Symbol.asyncDispose]();
  });

  const make = async (count: number, more: object = {}): Promise<string[]> =>
    Promise.all(
      Array.from({ length: count }, async () => {
        const json = { goal: 'Say it', plan: echoPlan('a'), ...more };
        return String((await api.ask('/v1/runs', { json })).json.id);
      }),
    );
  const finished = async (ids: readonly string[]) => {
    await eventually(async () => ids.every((id) => machine.done.includes(id)));
    return ids;
  };
  const rerun = (json: object, headers: Record<string, string> = {}) =>
    api.ask('/admin/rerun', {
      json: { mode: 'replay', reason: 'Again.', ratePerSecond: 100, ...json },
      headers,
    });
  const ended = (id: string) =>
    eventually(async () => {
      const { json } = await api.ask(`/admin/operations/${id}`);
      return json.state !== 'running' && json;
    });
  const items = async (id: string) => (await api.ask(`/admin/operations/${id}/items`)).json.items;
  const originsOf = async (ids: readonly string[]) => {
    const rows = await api.owner.query<{ origin: string }>(
      `select 'run_' || origin_run_id as origin from aos.runs where origin_run_id is not null`,
    );
    return rows.map(({ origin }) => origin).filter((origin) => ids.includes(origin));
  };

  test('runs that succeeded are run again, by filter and in any mode', async () => {
    for (const mode of ['retry', 'replay', 'replan']) {
      const ids = await finished(await make(8, { tags: [mode] }));
      const from = mode === 'retry' ? { fromStep: 'say' } : {};
      const look = await rerun({ mode, ...from, filter: { tag: mode }, dryRun: true });
      assert.equal(look.json.count, 8, look.text);
      assert.deepEqual(look.json.sample[0].changes, []);
      const begun = await rerun({ mode, ...from, filter: { tag: mode } });
      assert.equal(begun.headers.get('location'), `/admin/operations/${begun.json.id}`);
      const { state, progress, createdBy, reason } = await ended(begun.json.id);
      assert.deepEqual(
        [state, progress.started, createdBy, reason],
        ['done', 8, 'tester', 'Again.'],
      );
      assert.deepEqual((await originsOf(ids)).toSorted(), ids.toSorted());
      const [item] = await items(begun.json.id);
      const child = await api.ask(`/v1/runs/${item.newRunId}`);
      assert.deepEqual(child.json.origin.operationId, begun.json.id);
    }
  });

  test('a run that cannot be made stops the canary and names what is wrong', async () => {
    const ids = await finished(await make(3));
    const begun = await rerun({ runIds: ids, patch: [{ op: 'remove', path: '/input/none' }] });
    const { state, endReason, progress } = await ended(begun.json.id);
    assert.equal(state, 'stopped');
    assert.match(endReason, /could not be made/);
    assert.deepEqual([progress.refused, progress.pending], [1, 2]);
    const [item] = await items(begun.json.id);
    assert.match(item.detail, /^invalid_request: .*does not apply/);
    // What is left may be taken up by another operation.
    const next = await rerun({ runIds: ids, canary: [] });
    assert.equal((await ended(next.json.id)).progress.started, 3);
  });

  test('two operations on the same runs at once make each run once', async () => {
    const ids = await finished(await make(20));
    const both = await Promise.all([1, 2].map(() => rerun({ runIds: ids, canary: [] })));
    const counts = await Promise.all(both.map(async ({ json }) => (await ended(json.id)).progress));
    assert.equal(
      counts.reduce((sum, { started }) => sum + started, 0),
      20,
    );
    assert.equal(
      counts.reduce((sum, { skipped }) => sum + skipped, 0),
      20,
    );
    assert.deepEqual((await originsOf(ids)).toSorted(), ids.toSorted());
  });

  test('a run that the database refuses is refused alone, and the others go on at the rate', async () => {
    const ids = await finished(await make(30));
    await api.owner.query(`
      create function aos.refuse() returns trigger language plpgsql as $$
      begin
        if new.origin_run_id = '${ids[7]?.slice(4)}' then raise exception 'Not this one.'; end if;
        return new;
      end $$;
      create trigger refuse before insert on aos.runs for each row execute function aos.refuse()`);
    const begun = await rerun({ runIds: ids, canary: [], ratePerSecond: 20 });
    const { progress, state } = await ended(begun.json.id);
    await api.owner.query('drop trigger refuse on aos.runs');
    assert.deepEqual([state, progress.started, progress.refused], ['done', 29, 1]);
    const [refused] = (await items(begun.json.id)).filter(
      (item: { state: string }) => item.state === 'refused',
    );
    assert.equal(refused.runId, ids[7]);
    const [times] = await api.owner.query<{ seconds: number }>(
      `select extract(epoch from max(settled_at) - min(settled_at))::float as seconds
         from aos.operation_items where operation_id = $1`,
      [begun.json.id.slice(3)],
    );
    // 1.45 s, less the second that may be caught up at once.
    assert.ok((times?.seconds ?? 0) > 0.4, `30 at 20 a second took ${times?.seconds} s`);
  });

  test('an aborted operation starts nothing more, and says who and why', async () => {
    const ids = await finished(await make(50));
    const begun = await rerun({ runIds: ids, canary: [], ratePerSecond: 5 });
    const path = `/admin/operations/${begun.json.id}`;
    await eventually(async () => (await api.ask(path)).json.progress.started > 0);
    const abort = () => api.ask(`${path}/abort`, { json: { reason: 'A mistake.' } });
    const { json } = await abort();
    assert.deepEqual(
      [json.state, json.endedBy, json.endReason],
      ['aborted', 'tester', 'A mistake.'],
    );
    assert.ok(json.progress.pending > 30);
    assert.equal((await abort()).status, 200);
    await new Promise((resolve) => setTimeout(resolve, 600));
    const later = (await api.ask(path)).json.progress;
    assert.equal(later.pending, json.progress.pending);
    const over = await rerun({ runIds: ids.slice(0, 1), canary: [] });
    await ended(over.json.id);
    const late = await api.ask(`/admin/operations/${over.json.id}/abort`, {
      json: { reason: 'x' },
    });
    assert.equal(late.json.code, 'operation_ended');
  });

  test('unfinished runs are cancelled, and no others', async () => {
    const startAt = new Date(Date.now() + 3_600_000).toISOString();
    const waiting = await make(5, { startAt, tags: ['later'] });
    const json = { filter: { tag: 'later' }, reason: 'Not needed.' };
    const look = await api.ask('/admin/cancel', { json: { ...json, dryRun: true } });
    assert.equal(look.json.count, 5);
    for (const { runId } of look.json.sample) assert.ok(waiting.includes(runId));
    const begun = await api.ask('/admin/cancel', { json });
    await ended(begun.json.id);
    for (const id of waiting) {
      const run = await api.ask(`/v1/runs/${id}`);
      assert.equal(run.json.cancelRequestedBy, 'tester');
    }
  });

  test('a lineage is redriven five times, and no more', async () => {
    let [id = ''] = await finished(await make(1, { tags: ['bad'] }));
    for (let times = 1; times <= 6; times++) {
      const begun = await api.ask('/v1/dead-letters/redrive', {
        json: { ids: [id], mode: 'replay', reason: 'Once more.' },
      });
      const { progress } = await ended(begun.json.id);
      const [item] = await items(begun.json.id);
      if (times === 6) {
        assert.equal(progress.refused, 1);
        assert.match(item.detail, /run again 5 times/);
      } else {
        assert.equal(progress.failed, 1, `${times}`);
        id = item.newRunId;
      }
    }
  });

  test('what is wrong with a wish is said before anything is written', async () => {
    const had = await api.owner.query('select 1 from aos.operations');
    const [id = ''] = await finished(await make(1));
    const stranger = 'run_01900000-0000-7000-8000-000000000000';
    const theirs = await api.ask('/v1/runs', {
      json: { goal: 'x', plan: echoPlan('a') },
      key: api.otherKey,
    });
    const cases: [object, number, string][] = [
      [{}, 422, 'invalid_request'],
      [{ runIds: [id], filter: { agent: 'default' } }, 422, 'invalid_request'],
      [{ filter: {} }, 422, 'invalid_request'],
      [{ filter: { tag: 'nobody' } }, 422, 'invalid_request'],
      [{ runIds: [stranger] }, 404, 'run_not_found'],
      [{ runIds: [theirs.json.id] }, 404, 'run_not_found'],
      [{ runIds: [id], selection: '0'.repeat(64) }, 409, 'selection_changed'],
      [{ runIds: [id], ratePerSecond: 101 }, 422, 'invalid_request'],
      [{ runIds: [id], canary: [1_001] }, 422, 'invalid_request'],
      [{ runIds: [id], reason: ' ' }, 422, 'invalid_request'],
    ];
    for (const [json, status, code] of cases) {
      const told = await rerun(json);
      assert.deepEqual([told.status, told.json.code], [status, code], told.text);
    }
    const now = await api.owner.query('select 1 from aos.operations');
    assert.equal(now.length, had.length);
  });

  test('a key without the scope is refused everywhere', async () => {
    const key = await api.newKey({ scopes: ['runs:read', 'runs:write', 'agents:write'] });
    const asked: [string, object?][] = [
      ['/admin/rerun', { mode: 'replay', reason: 'x', filter: { agent: 'a' } }],
      ['/admin/cancel', { reason: 'x', filter: { agent: 'a' } }],
      ['/admin/failed-runs'],
      ['/admin/operations'],
      ['/admin/operations/op_1'],
      ['/admin/operations/op_1/abort', { reason: 'x' }],
      ['/v1/dead-letters/redrive', { mode: 'replay', reason: 'x', case: 'c' }],
      ['/v1/dead-letters/discard', { reason: 'x', case: 'c' }],
    ];
    for (const [path, json] of asked) {
      const told = await api.ask(path, { key, ...(json && { json }) });
      assert.equal(told.json.code, 'forbidden', path);
    }
    assert.equal((await api.ask('/v1/dead-letters', { key })).status, 200);
    const viewer = await api.newKey({ scopes: ['runs:read'] });
    const said = await api.ask('/v1/cases/f', { key: viewer, json: { state: 'muted' } });
    assert.equal(said.json.code, 'forbidden');
  });

  test('an operation of another tenant is not there', async () => {
    const { json } = await api.ask('/admin/operations?limit=1');
    assert.equal(json.items.length, 1);
    const path = `/admin/operations/${json.items[0].id}`;
    for (const one of [path, `${path}/items`]) {
      assert.equal((await api.ask(one, { key: api.otherKey })).status, 404);
    }
    const abort = { key: api.otherKey, json: { reason: 'x' } };
    assert.equal((await api.ask(`${path}/abort`, abort)).status, 404);
    const next = await api.ask(`/admin/operations?limit=1&cursor=${json.nextCursor}`);
    assert.ok(next.json.items[0].createdAt <= json.items[0].createdAt);
  });

  test('a driver that dies in the middle of a commit has done nothing, and another goes on', async () => {
    const ids = await finished(await make(10));
    const other = createDatabase({ url: api.way.url, role: 'aos_api', applicationName: 'dying' });
    const begun = await rerun({ runIds: ids, canary: [], ratePerSecond: 10 });
    // As a replica that holds the operation and is cut off.
    const dying = other.actingFor(['default'], async (tx) => {
      await tx.query(`select 1 from aos.operations where id = $1 for update`, [
        begun.json.id.slice(3),
      ]);
      api.way.down();
      await tx.query('select 1');
    });
    await assert.rejects(dying);
    api.way.up();
    await eventually(async () => {
      const told = await api.ask(`/admin/operations/${begun.json.id}`).catch(() => undefined);
      return told?.json?.state === 'done';
    });
    assert.deepEqual((await originsOf(ids)).toSorted(), ids.toSorted());
    await other.close();
  });
});
