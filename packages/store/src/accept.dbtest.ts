import assert from 'node:assert/strict';
import { test } from 'node:test';

import { completeAgent, newId, uuidOf } from '@aos/core';

import { createAcceptor, type Acceptor } from './accept.ts';
import type { Acceptance } from './acceptance.ts';
import * as agents from './agents.ts';
import { plainPlaceOf } from './fair-share.ts';
import type { Queue } from './queue.ts';
import { PLAN, startTestStore, type TestStore } from './store.fixture.ts';
import * as tenants from './tenants.ts';
import { aRecord, journalOf, rowOf, servers, startTestWorker } from './worker.fixture.ts';

const hash = (byte: number) => Buffer.alloc(32, byte);

function aRequest(more: Partial<Acceptance> = {}): Acceptance {
  return {
    tenant: 'default',
    by: 'tester',
    runId: newId('run'),
    agent: 'general',
    agentVersion: 1,
    planner: 'static',
    goal: { goal: 'Say it', input: { n: 1 }, limits: { wallMs: 60_000 }, tags: ['a'] },
    priority: 7,
    plan: PLAN,
    ...more,
  };
}

async function withStore(
  work: (store: TestStore, acceptor: Acceptor) => Promise<void>,
  variable?: string,
): Promise<void> {
  await using store = await startTestStore(variable);
  const acceptor = createAcceptor(store.api, store.queue);
  await work(store, acceptor);
  await acceptor.close();
}

const TABLES = ['runs', 'goals', 'plans', 'events', 'idempotency_keys', 'steps'];

async function counts(store: TestStore): Promise<Record<string, number>> {
  const [row] = await store.owner.query<Record<string, number>>(
    `select ${TABLES.map((table) => `(select count(*)::int from aos.${table}) as ${table}`).join(', ')},
            (select count(*)::int from pgboss.job where name = 'runs') as jobs`,
  );
  return row as Record<string, number>;
}

for (const variable of servers) {
  test(`an accepted run has its goal, its plan, its first facts and a job (${variable})`, () =>
    withStore(async (store, acceptor) => {
      const origin = await acceptor.accept(aRequest());
      const request = aRequest({
        idempotency: { key: 'k', bodyHash: hash(1) },
        startAt: new Date(Date.now() + 3_600_000),
        parentRunId: origin.runId,
        origin: { runId: origin.runId, mode: 'retry', reason: 'again' },
        reuse: [aRecord('say'), aRecord('nothing', { status: 'completed', output: null })],
      });
      const { runId, createdAt } = await acceptor.accept(request);
      assert.equal(runId, request.runId);
      assert.ok(createdAt instanceof Date);
      assert.deepEqual(await counts(store), {
        runs: 2,
        goals: 2,
        plans: 2,
        events: 6,
        idempotency_keys: 1,
        steps: 2,
        jobs: 2,
      });
      const row = await rowOf(store, request.runId);
      assert.equal(row['status'], 'queued');
      assert.equal(row['epoch'], 0);
      assert.equal(row['wall_ms'], '60000');
      assert.equal(row['origin_mode'], 'retry');
      assert.deepEqual(
        [row['job_state'], row['job_priority'], row['job_later']],
        ['created', plainPlaceOf('default', 7), true],
      );
      assert.deepEqual(await journalOf(store, request.runId), [
        'run.accepted',
        'run.planned',
        'step.reused',
        'step.reused',
      ]);
    }, variable));

  test(`50 at once with one key make one run (${variable})`, () =>
    withStore(async (store, acceptor) => {
      const idempotency = { key: 'same', bodyHash: hash(1) };
      const others = createAcceptor(store.api, store.queue);
      const all = await Promise.all(
        Array.from({ length: 50 }, (_, at) =>
          (at % 2 ? acceptor : others).accept(aRequest({ idempotency })),
        ),
      );
      assert.equal(new Set(all.map(({ runId }) => runId)).size, 1);
      assert.equal(all.filter(({ createdAt }) => createdAt).length, 1);
      const { runs, jobs, events } = await counts(store);
      assert.deepEqual({ runs, jobs, events }, { runs: 1, jobs: 1, events: 2 });
      const elsewhere = await acceptor.accept(aRequest({ tenant: 'other', idempotency }));
      assert.ok(elsewhere.createdAt, 'a key belongs to its tenant');
    }, variable));
}

test('the same key with another body is refused, also when both come at once', () =>
  withStore(async (store, acceptor) => {
    const asked = Array.from({ length: 20 }, (_, at) =>
      acceptor.accept(aRequest({ idempotency: { key: 'k', bodyHash: hash(at % 2) } })),
    );
    const given = await Promise.allSettled(asked);
    const refused = given.filter(({ status }) => status === 'rejected');
    assert.equal(refused.length, 10);
    for (const one of refused) {
      assert.equal((one as PromiseRejectedResult).reason.code, 'idempotency_mismatch');
    }
    assert.equal((await counts(store))['runs'], 1);
  }));

test('300 requests of five tenants in one burst all land where they belong', () =>
  withStore(async (store, acceptor) => {
    const names = ['t0', 't1', 't2', 't3', 't4'];
    for (const name of names) {
      await tenants.ensure(store.owner, name);
      await agents.create(
        store.owner,
        name,
        completeAgent({ name: 'general', description: 'Any.' }),
      );
    }
    const wanted = Array.from({ length: 300 }, (_, at) =>
      aRequest({
        tenant: names[at % 5] as string,
        goal: { goal: `of ${names[at % 5]}`, input: {}, limits: {}, tags: [] },
        ...(at % 3 === 0 && { idempotency: { key: `k${at % 60}`, bodyHash: hash(1) } }),
      }),
    );
    const bad = [
      aRequest({ tenant: 't0', agent: 'nobody' }),
      aRequest({ tenant: 't1', parentRunId: newId('run') }),
      aRequest({ tenant: 't2', parentRunId: 'run_no' }),
      aRequest({ tenant: 't3', goal: { goal: 'NUL \0', input: {}, limits: {}, tags: [] } }),
      aRequest({ tenant: 'nobody' }),
    ];
    const all = [...wanted.slice(0, 150), ...bad, ...wanted.slice(150)];
    const given = await Promise.allSettled(all.map((one) => acceptor.accept(one)));
    const codes = bad.map((one) => {
      const answer = given[all.indexOf(one)];
      return answer?.status === 'rejected' ? (answer.reason as { code: string }).code : 'stored';
    });
    assert.deepEqual(codes, [
      'agent_not_found',
      'run_not_found',
      'run_not_found',
      'internal',
      'internal',
    ]);
    const rows = await store.owner.query<{ tenant_id: string; goal: string; count: number }>(
      'select r.tenant_id, g.goal, count(*)::int from aos.runs r join aos.goals g on g.run_id = r.id group by 1, 2 order by 1',
    );
    assert.deepEqual(
      rows.map(({ tenant_id, goal }) => [tenant_id, goal]),
      names.map((name) => [name, `of ${name}`]),
    );
    const told = given.filter(({ status }) => status === 'fulfilled') as PromiseFulfilledResult<{
      created: boolean;
      runId: string;
    }>[];
    const made = new Set(told.map(({ value }) => value.runId));
    assert.equal(
      rows.reduce((sum, { count }) => sum + count, 0),
      made.size,
    );
    assert.equal(told.length, 300);
    assert.equal((await counts(store))['jobs'], made.size);
  }));

test('what fails in the middle leaves nothing behind', () =>
  withStore(async (store) => {
    const broken: Queue = {
      ...store.queue,
      async send(tx, dispatches) {
        await store.queue.send(tx, dispatches);
        throw new Error('killed');
      },
    };
    const acceptor = createAcceptor(store.api, broken);
    const before = await counts(store);
    const request = aRequest({ idempotency: { key: 'k', bodyHash: hash(1) } });
    await assert.rejects(acceptor.accept(request), { code: 'internal' });
    assert.deepEqual(await counts(store), before);
    const whole = createAcceptor(store.api, store.queue);
    assert.ok((await whole.accept(request)).createdAt);
  }));

test('a request whose first answer was lost gives the same run', () =>
  withStore(async (store) => {
    let lose = true;
    const lossy = createAcceptor(
      {
        ...store.api,
        async actingFor(names, work) {
          const result = await store.api.actingFor(names, work);
          if (!lose) return result;
          lose = false;
          throw new Error('Connection terminated');
        },
      },
      store.queue,
    );
    const idempotency = { key: 'k', bodyHash: hash(1) };
    const first = aRequest({ idempotency });
    await assert.rejects(lossy.accept(first));
    assert.deepEqual(await lossy.accept(aRequest({ idempotency })), {
      runId: first.runId,
    });
    assert.equal((await counts(store))['runs'], 1);
  }));

test('a key whose first request is still being stored is told as in flight', () =>
  withStore(async (store, acceptor) => {
    const holder = store.owner.transaction(async (tx) => {
      const request = aRequest();
      await tx.query(
        `insert into aos.runs (id, tenant_id, agent, agent_version, planner) values ($1, 'default', 'general', 1, 'static')`,
        [uuidOf('run', request.runId)],
      );
      await tx.query(
        `insert into aos.idempotency_keys (tenant_id, key, body_hash, run_id) values ('default', 'k', $2, $1)`,
        [uuidOf('run', request.runId), hash(1)],
      );
      const second = acceptor.accept(aRequest({ idempotency: { key: 'k', bodyHash: hash(1) } }));
      await assert.rejects(second, { code: 'idempotency_in_flight' });
    });
    await holder;
  }));

test('a replayed plan and an input of any form come back as they were given', () =>
  withStore(async (store, acceptor) => {
    const input = { text: 'é\n"\\ \u2028', deep: [{ a: null }], n: 1.5e300 };
    const goal = {
      goal: '  as is  ',
      input,
      limits: { steps: 3 },
      tags: ['x:y', 'b'],
      plan: { template: 't', parameters: { a: 1 } },
    };
    const request = aRequest({ goal });
    await acceptor.accept(request);
    await using worker = await startTestWorker(store);
    const { run } = await worker.claim(request.runId);
    const { plan: _made, ...rest } = goal;
    assert.deepEqual(run.goal, rest, 'what it was made from is of no use once there is a plan');
    assert.deepEqual(run.plan?.plan, PLAN);
  }));
