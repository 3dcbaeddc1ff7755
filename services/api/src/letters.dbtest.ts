import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import type { ClaimedRun, Failure } from '@aos/core';

import { ask, echoPlan, startTestApi, type TestApi } from './api.fixture.ts';
import { eventually, startMachine, type Machine } from './machine.fixture.ts';

const judge = ({ goal }: ClaimedRun): Failure => ({
  code: 'target_failed',
  detail: `The host of "${goal.goal}" answered.`,
});

describe('letters and cases', () => {
  let api: TestApi;
  let machine: Machine;
  before(async () => {
    api = await startTestApi({ requestsPerSecond: 10_000 });
    machine = await startMachine(api.owner, judge);
  });
  after(async () => {
    await machine[Symbol.asyncDispose]();
    await api[Symbol.asyncDispose]();
  });

  const fail = async (more: object = {}): Promise<string> => {
    const json = { goal: 'Say it', plan: echoPlan('a'), ...more };
    const { id } = (await api.ask('/v1/runs', { json })).json;
    await eventually(async () => machine.done.includes(id));
    return id;
  };
  /** Failures that happened long ago, of one case. */
  const past = (count: number, fingerprint: string, more: { version?: string; at?: string } = {}) =>
    api.owner.query(
      `with made as (
         insert into aos.runs (id, tenant_id, agent, agent_version, planner, status, outcome, failure_code, finished_at)
         select gen_random_uuid(), 'default', 'default', 1, 'static', 'finished', 'failed', 'internal', now()
           from generate_series(1, $1)
         returning id),
       goals as (insert into aos.goals (tenant_id, run_id, goal) select 'default', id, 'Old' from made)
       insert into aos.dead_letters
              (tenant_id, run_id, root_run_id, epoch, agent, agent_version, code, category, failure, step_key, skill,
               skill_version, fingerprint, message, at)
       select 'default', id, id, 1, 'default', 1, 'internal', 'system', '{"code": "internal", "detail": "Old."}',
              'say', 'echo', $3, $2, 'Old.', coalesce($4::timestamptz, clock_timestamp())
         from made`,
      [count, fingerprint, more.version ?? '1.0.0', more.at ?? null],
    );
  const page = async (cursor: string | null) => {
    const more = cursor === null ? '' : `&cursor=${cursor}`;
    // Not checked against the document: a hundred pages of it take a minute.
    const told = await ask(api.url, `/admin/failed-runs?code=internal&limit=200${more}`, {
      key: api.key,
    });
    assert.equal(told.status, 200, told.text);
    return told.json;
  };

  test('10,000 failures are paged without a gap or a repeat while new ones come in', async () => {
    await api.ask('/v1/runs', { json: { goal: 'Be there', plan: echoPlan('a') } });
    await past(10_000, 'a'.repeat(24));
    const seen = new Set<string>();
    let cursor: string | null = null;
    let pages = 0;
    let total = 0;
    do {
      const told = await page(cursor);
      for (const { id } of told.items) seen.add(id);
      total += told.items.length;
      cursor = told.nextCursor;
      pages++;
      if (pages % 10 === 0) await past(3, 'b'.repeat(24));
    } while (cursor !== null);
    assert.equal(pages, 50);
    assert.equal(total, 10_000);
    assert.equal(seen.size, 10_000);
  });

  test('filters are exact', async () => {
    await api.ask('/v1/agents', { json: { name: 'other', description: 'x' } });
    const id = await fail({ agent: 'other' });
    const { json } = await api.ask(`/v1/dead-letters/${id}`);
    const { letter } = json;
    const only = async (query: string) => {
      const told = await api.ask(`/v1/dead-letters?${query}`);
      assert.equal(told.status, 200, told.text);
      return told.json.items.map(({ runId }: { runId: string }) => runId);
    };
    const soon = new Date(Date.parse(letter.failedAt) + 1).toISOString();
    const just = new Date(Date.parse(letter.failedAt) - 1).toISOString();
    for (const query of [
      'agent=other',
      `agent=other&case=${letter.case}`,
      'agent=other&code=target_failed&skill=echo&state=open&q=the+host+of',
      `agent=other&failedAfter=${just}&failedBefore=${soon}`,
    ]) {
      assert.deepEqual(await only(query), [id], query);
    }
    for (const query of [
      'agent=nobody',
      'agent=other&state=redriven',
      'agent=other&state=redriving',
      'agent=other&state=discarded',
      'agent=other&skill=send',
      'agent=other&code=internal',
      'agent=other&q=%25',
      `agent=other&failedAfter=${soon}`,
    ]) {
      assert.deepEqual(await only(query), [], query);
    }
    assert.equal((await api.ask('/v1/dead-letters?code=nothing')).status, 422);
    assert.equal((await api.ask('/v1/dead-letters?cursor=x')).status, 422);
  });

  test('a discarded letter says who and why, leaves the queue, and is not redriven', async () => {
    const [id, other] = [await fail(), await fail()];
    const discard = (json: object) => api.ask('/v1/dead-letters/discard', { json });
    const body = { ids: [id], reason: 'Nobody needs it.' };
    assert.deepEqual((await discard(body)).json, { discarded: 1 });
    assert.deepEqual((await discard(body)).json, { discarded: 0 });
    const { letter } = (await api.ask(`/v1/dead-letters/${id}`)).json;
    assert.equal(letter.state, 'discarded');
    assert.deepEqual(
      [letter.discarded.by, letter.discarded.reason],
      ['tester', 'Nobody needs it.'],
    );
    const dead = await api.owner.query<{ id: string }>(
      `select 'run_' || id as id from pgboss.job where name = 'runs_dead'`,
    );
    const left = dead.map((job) => job.id);
    assert.ok(left.includes(other) && !left.includes(id));
    const again = await api.ask('/v1/dead-letters/redrive', {
      json: { ids: [id], mode: 'replay', reason: 'x' },
    });
    assert.match(again.json.detail, /selects nothing/);
    const stranger = 'dl_01900000-0000-7000-8000-000000000000';
    assert.equal((await discard({ ...body, ids: [stranger] })).json.code, 'dead_letter_not_found');
    assert.equal((await discard({ reason: 'x' })).status, 422);
    const many = await discard({ case: 'b'.repeat(24), reason: 'Old.' });
    assert.deepEqual(many.json, { discarded: 15 });
  });

  test('a case keeps what is said about it, and opens by itself when it comes back', async () => {
    const id = 'c'.repeat(24);
    const say = async (json: object) => {
      const told = await api.ask(`/v1/cases/${id}`, { json });
      assert.equal(told.status, 200, told.text);
      return told.json;
    };
    const state = async () => {
      const { json } = await api.ask(`/v1/cases/${id}`);
      return `${json.state}${json.reopened ? ' again' : ''}`;
    };
    assert.equal((await api.ask(`/v1/cases/${id}`)).status, 404);
    assert.equal((await api.ask(`/v1/cases/${id}`, { json: { state: 'muted' } })).status, 404);
    await past(2, id, { version: '1.1.0' });
    const owned = await say({ owner: 'ann', note: 'Look at the proxy.' });
    assert.deepEqual(
      [owned.state, owned.owner, owned.note, owned.changedBy, owned.letters],
      ['open', 'ann', 'Look at the proxy.', 'tester', 2],
    );
    const muted = await say({ state: 'muted', note: null });
    assert.deepEqual([muted.state, muted.owner, muted.note], ['muted', 'ann', null]);
    await past(1, id, { version: '9.0.0', at: '2020-01-01T00:00:00Z' });
    assert.equal(await state(), 'muted');

    assert.equal((await say({ state: 'fixed', version: '1.2.0' })).state, 'fixed');
    await past(1, id, { version: '1.1.9' });
    assert.equal(await state(), 'fixed', 'the old version may fail on');
    await past(1, id, { version: '1.2.0' });
    assert.equal(await state(), 'open again');
    // Words alone do not close it.
    assert.equal((await say({ owner: 'bob' })).state, 'open');
    assert.equal((await say({ state: 'fixed', version: '1.10.0' })).state, 'fixed');
    await past(1, id, { version: '1.9.9' });
    assert.equal(await state(), 'fixed', 'versions are numbers, not letters');

    const resolved = await say({ state: 'resolved' });
    assert.deepEqual([resolved.state, resolved.version], ['resolved', '9.0.0']);
    await past(1, id, { version: '8.9.9' });
    assert.equal(await state(), 'resolved');
    await past(1, id, { version: '9.0.0' });
    assert.equal(await state(), 'open again');
    assert.equal(
      (await api.ask(`/v1/cases/${id}`, { json: { state: 'fixed' } })).json.errors[0].pointer,
      '#/version',
    );
    const list = await api.ask('/v1/cases?state=open&owner=bob');
    assert.deepEqual(
      list.json.items.map((one: { id: string }) => one.id),
      [id],
    );
    const first = await api.ask('/v1/cases?limit=1');
    const second = await api.ask(`/v1/cases?limit=1&cursor=${first.json.nextCursor}`);
    assert.notEqual(first.json.items[0].id, second.json.items[0].id);
  });

  test('the metrics tell how many letters and cases are open', async () => {
    const [open] = await api.owner.query<{ letters: number; cases: number }>(
      `select count(*)::int as letters, count(distinct fingerprint)::int as cases
         from aos.dead_letters where redriven_as is null and discarded_at is null`,
    );
    await api.ask(`/v1/cases/${'a'.repeat(24)}`, { json: { state: 'muted' } });
    const expected = [
      `nova_dead_letters{state="open"} ${open?.letters}`,
      `nova_cases_open ${(open?.cases ?? 0) - 1}`,
    ];
    await eventually(async () => {
      const { text } = await api.ask('/metrics');
      return expected.every((line) => text.includes(`${line}\n`));
    });
  });
});
