import assert from 'node:assert/strict';
import { test } from 'node:test';

import { newId, uuidOf } from '@aos/core';

import { createAcceptor } from './accept.ts';
import * as backlog from './backlog.ts';
import { createFairShare, PLACES_PER_POINT, RUNS_PER_PLACE } from './fair-share.ts';
import * as runPause from './run-pause.ts';
import { startTestStore, type TestStore } from './store.fixture.ts';
import * as tenants from './tenants.ts';
import { rowOf, servers, startTestWorker, type TestWorker } from './worker.fixture.ts';

/** What an API replica does: takes runs, and reads the queue once a second. */
function aReplica(store: TestStore) {
  const share = createFairShare();
  const acceptor = createAcceptor(store.api, store.queue, () => {}, share.placeOf);
  const accept = async (tenant: string, priority = 0): Promise<string> => {
    const { runId } = await acceptor.accept({
      tenant,
      by: 'tester',
      runId: newId('run'),
      agent: 'general',
      agentVersion: 1,
      planner: 'rules',
      goal: { goal: 'Say it', input: {}, limits: {}, tags: [] },
      priority,
    });
    return runId;
  };
  return {
    accept,
    push: (tenant: string, count: number) =>
      Promise.all(Array.from({ length: count }, () => accept(tenant))),
    async read() {
      share.seeHead((await backlog.head(store.api)).head);
      share.seeDepths(await backlog.depths(store.api, 100_000));
    },
  };
}

/** Takes runs in the order of the queue; gives their tenants. */
async function drain(worker: TestWorker, count: number): Promise<string[]> {
  const taken: string[] = [];
  while (taken.length < count) {
    const claims = await worker.take(Math.min(50, count - taken.length));
    if (claims.length === 0) break;
    taken.push(...claims.map(({ run }) => run.tenant));
  }
  return taken;
}

const countOf = (taken: readonly string[], tenant: string) =>
  taken.filter((one) => one === tenant).length;

for (const variable of servers) {
  test(`one tenant queues 2,000 runs, another one: it starts at once (${variable})`, async () => {
    await using store = await startTestStore(variable);
    await using worker = await startTestWorker(store);
    const api = aReplica(store);
    await api.push('default', 2_000);
    await drain(worker, 300);
    await api.read();
    await api.push('other', 1);
    const taken = await drain(worker, 200);
    const before = taken.indexOf('other');
    // Within a batch the order is not told.
    assert.ok(before !== -1 && before <= RUNS_PER_PLACE + 50, `${before} came first`);
  });
}

test('weights of 3 to 1 give 3 to 1 over a long drain', async () => {
  await using store = await startTestStore();
  await using worker = await startTestWorker(store);
  const api = aReplica(store);
  assert.equal(await tenants.setShareWeight(store.api, 'other', 3), true);
  assert.equal(await tenants.setShareWeight(store.api, 'nobody', 3), false);
  await assert.rejects(tenants.setShareWeight(store.api, 'other', 0));
  await api.read();
  const taken: string[] = [];
  for (let second = 0; second < 6; second++) {
    await Promise.all([api.push('other', 300), api.push('default', 300)]);
    await api.read();
    taken.push(...(await drain(worker, 320)));
  }
  const ratio = countOf(taken, 'other') / countOf(taken, 'default');
  assert.ok(Math.abs(ratio - 3) <= 0.15, `${ratio}`);
});

test('two replicas give a tenant that uses both no second share', async () => {
  await using store = await startTestStore();
  await using worker = await startTestWorker(store);
  const [one, two] = [aReplica(store), aReplica(store)];
  const taken: string[] = [];
  for (let second = 0; second < 18; second++) {
    await Promise.all([one.read(), two.read()]);
    await Promise.all([one.push('default', 60), two.push('default', 60), two.push('other', 120)]);
    taken.push(...(await drain(worker, 150)));
  }
  const ahead = countOf(taken, 'default') - countOf(taken, 'other');
  assert.ok(ahead <= 2 * 120, `ahead by ${ahead}: more than it sent in two seconds`);
  const settled = taken.slice(1_800);
  const ratio = countOf(settled, 'default') / countOf(settled, 'other');
  assert.ok(Math.abs(ratio - 1) < 0.1, `${ratio}`);
});

test('the head is that of new runs that may start, and depths tell what is ready and how old it is', async () => {
  await using store = await startTestStore();
  await using worker = await startTestWorker(store);
  assert.deepEqual(await backlog.head(store.api), { finished: 0 });
  const api = aReplica(store);
  const first = await api.accept('default', 2);
  await store.newRun({ tenant: 'other', startAt: new Date(Date.now() + 3_600_000) });
  await worker.claim(first).then(async ({ uuid }) => {
    const resumed = { uuid, priority: 0 };
    await store.owner.query(`update aos.runs set status = 'queued', worker_id = null`);
    await store.owner.transaction((tx) => store.queue.resend(tx, [resumed]));
  });
  assert.deepEqual(await backlog.head(store.api), { finished: 0 }, 'neither later nor resumed');
  const second = await api.accept('default', 5);
  const { head } = await backlog.head(store.api);
  assert.equal(head?.priority, 5);
  assert.equal(head?.place, (await rowOf(store, second))['job_priority']);
  await store.owner.query(
    `update aos.runs set created_at = now() - interval '90 s' where id = $1`,
    [uuidOf('run', second)],
  );
  const depths = await backlog.depths(store.api, 100);
  const told = depths.map(({ tenant, queued, ready }) => ({ tenant, queued, ready }));
  assert.deepEqual(
    told.toSorted((a, b) => a.tenant.localeCompare(b.tenant)),
    [
      { tenant: 'default', queued: 2, ready: 2 },
      { tenant: 'other', queued: 1, ready: 0 },
    ],
  );
  assert.ok(depths.some(({ waitedS }) => waitedS >= 90 && waitedS < 200));
  const capped = await backlog.depths(store.api, 2);
  assert.equal(
    capped.reduce((sum, { queued }) => sum + queued, 0),
    2,
  );
  assert.equal(await backlog.countAhead(store.api, second.slice(4)), 1);
});

test('another priority moves a queued run by as much as if it had had it from the start', async () => {
  await using store = await startTestStore();
  const api = aReplica(store);
  const runId = await api.accept('default');
  const before = Number((await rowOf(store, runId))['job_priority']);
  const set = (priority: number) =>
    tenants.acting(store.api, 'default', (tx) => runPause.setPriority(tx, runId, priority));
  assert.equal(await set(10), 'set');
  const row = await rowOf(store, runId);
  assert.deepEqual([row['priority'], row['job_priority']], [10, before + 10 * PLACES_PER_POINT]);
  await set(-100);
  await set(0);
  assert.equal((await rowOf(store, runId))['job_priority'], before);
});

test('reading the head takes no longer with many runs queued', async () => {
  await using store = await startTestStore();
  const api = aReplica(store);
  await api.push('default', 3_000);
  await store.owner.query('analyze');
  const plan = await store.owner.query<Record<string, string>>(
    `explain (analyze, costs off, timing off, summary off, buffers off)
     select j.priority from pgboss.job j
      where j.name = 'runs' and j.state < 'active' and not j.blocked
        and j.priority < 2147482900 and j.start_after <= now()
      order by j.priority desc, j.created_on limit 1`,
  );
  const text = plan.map((row) => Object.values(row)[0]).join('\n');
  assert.match(text, /Index.* Scan using .*i11.*rows=1/, text);
});
