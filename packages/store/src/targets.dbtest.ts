import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { rampAt, type Change, type Failure, type Heard } from '@aos/core';

import type { Claim } from './claims.ts';
import * as parked from './parked.ts';
import { startTestStore, type TestStore } from './store.fixture.ts';
import * as steps from './steps.ts';
import * as targets from './targets.ts';
import { aRecord, rowOf, servers, startTestWorker, type TestWorker } from './worker.fixture.ts';

const failure: Failure = { code: 'target_overloaded', detail: 'It is busy.' };

function parking(target: string): Change {
  return {
    events: [
      { type: 'step.parked', step: 'say', skill: 'echo', target },
      { type: 'run.waiting', waitingFor: 'target' },
    ],
    steps: [
      aRecord('say', { attempt: 0, status: 'waiting', wait: { for: 'target', target, failure } }),
    ],
    next: { status: 'waiting', waitingFor: 'target' },
  };
}

function failing(runs: number, retryAfterMs?: number): Heard {
  return {
    answered: 0,
    failed: Array.from({ length: runs }, (_, n) => ({
      runId: `run_${n}`,
      failure: { ...failure, ...(retryAfterMs && { retryAfterMs }) },
    })),
  };
}

for (const server of servers) {
  describe(`targets on ${server}`, () => {
    let store: TestStore;
    let one: TestWorker;
    let other: TestWorker;
    let nth = 0;

    before(async () => {
      store = await startTestStore(server);
      one = await startTestWorker(store);
      other = await startTestWorker(store);
    });
    after(async () => {
      await one[Symbol.asyncDispose]();
      await other[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    });

    const fresh = (tenant = 'default') => ({ tenant, target: `http:host-${++nth}:443` });
    /** A run that waits for the target. */
    const park = async (id: targets.TargetId): Promise<string> => {
      const runId = await store.newRun({ tenant: id.tenant });
      await one.journal.commit(await one.claim(runId), parking(id.target));
      return runId;
    };
    const due = (id: targets.TargetId) =>
      store.owner.query(
        `update aos.targets set until = now() - interval '1 ms' where tenant_id = $1 and target = $2`,
        [id.tenant, id.target],
      );

    it('what one worker hears, all know; other tenants and targets are not concerned', async () => {
      const id = fresh();
      await targets.hear(one.database, id, failing(3));
      const { circuit } = await targets.hear(other.database, id, failing(3));
      assert.equal(circuit.state.kind, 'out', 'each alone has heard too little');
      const out = await targets.listOut(one.database);
      assert.deepEqual(
        out.filter(({ target }) => target === id.target).map(({ tenant }) => tenant),
        ['default'],
      );
      const [row] = out.filter(({ target }) => target === id.target);
      assert.deepEqual(row?.circuit, circuit, 'it is read as it was written');
    });

    it('of many that ask, over all workers, one may try', async () => {
      const id = fresh();
      await targets.hear(one.database, id, failing(1, 50));
      await due(id);
      const asked = await Promise.all(
        Array.from({ length: 12 }, (_, n) =>
          targets.admit((n % 2 ? one : other).database, id, { timeoutMs: 1_000 }),
        ),
      );
      assert.equal(asked.filter(({ may }) => may === 'probe').length, 1);
      assert.equal(asked.filter(({ may }) => may === 'wait').length, 11);
    });

    it('a parked run holds no job; the one that tries is sent, and the rest on the ramp', async () => {
      const id = fresh();
      await targets.hear(one.database, id, failing(1, 60_000));
      const runs: string[] = [];
      for (let n = 0; n < 12; n++) runs.push(await park(id));
      assert.equal((await rowOf(store, runs[0] as string))['job_state'], null);
      assert.equal((await parked.tend(one.database, one.queue, id))?.tickets, 0, 'not yet');
      await due(id);
      const both = await Promise.all([
        parked.tend(one.database, one.queue, id),
        parked.tend(other.database, other.queue, id),
      ]);
      assert.equal(
        both.reduce((sum, tended) => sum + (tended?.tickets ?? 0), 0),
        1,
      );

      const [probe] = (await one.take()) as [Claim];
      const [record] = probe.run.steps;
      assert.ok(record?.status === 'waiting' && record.wait.for === 'target');
      assert.equal(record.wait.target, id.target);
      assert.deepEqual(record.wait.failure, failure);
      const released = record.wait.released as Date;
      const how = { timeoutMs: 1_000, released };
      assert.equal((await targets.admit(one.database, id, how)).may, 'probe');
      assert.equal((await targets.admit(one.database, id, how)).may, 'wait', 'it is used');

      await targets.hear(one.database, id, { answered: 1, failed: [], probe: 'answered' });
      const since = Date.now();
      let gone = 0;
      while (gone < 11) {
        const tended = await parked.tend(other.database, other.queue, id);
        gone += tended?.tickets ?? 0;
        assert.ok(gone <= rampAt(Date.now() - since + 200), `${gone} of 11`);
      }
      assert.equal((await other.take()).length, 11);
    });

    it('a step that comes into the wait after it has ended is picked up', async () => {
      const id = fresh();
      const runId = await park(id);
      assert.equal(await parked.pickUpStranded(one.database), 1);
      assert.equal(await parked.pickUpStranded(one.database), 0);
      assert.equal((await parked.tend(one.database, one.queue, id))?.tickets, 1);
      await one.claim(runId);
      const [step] = await steps.list(one.database, runId);
      assert.ok(step?.status === 'waiting' && step.wait.for === 'target' && step.wait.released);
    });

    it('a run in the hands of a worker, or paused, gets no ticket and holds nobody up', async () => {
      const id = fresh();
      const [held, paused] = [await park(id), await park(id)];
      await store.owner.query(
        `update aos.runs set worker_id = $1, status = 'running', waiting_for = null where id = $2`,
        [one.uuid, held.slice(4)],
      );
      await store.owner.query(`update aos.runs set waiting_for = 'pause' where id = $1`, [
        paused.slice(4),
      ]);
      assert.equal(await parked.pickUpStranded(one.database), 0);
      await targets.hear(one.database, id, failing(1, 50));
      await due(id);
      assert.equal((await parked.tend(one.database, one.queue, id))?.tickets, 0);
      await store.api.actingFor(['default'], (tx) => targets.release(tx, id));
      await store.owner.query(
        `update aos.targets set since = now() - interval '3 s' where target = $1`,
        [id.target],
      );
      const tended = await parked.tend(one.database, one.queue, id);
      assert.equal(tended?.circuit.state.kind, 'clear');
    });

    it('the API parks and releases for its own tenant, and tells who waits', async () => {
      const id = fresh();
      const runId = await park(id);
      const order = { by: 'Bo', reason: 'Maintenance' };
      await store.api.actingFor(['default'], (tx) => targets.park(tx, id, order));
      const list = (tenant: string) =>
        store.api.actingFor([tenant], (tx) => parked.listOf(tx, id.target));
      const [view] = await list('default');
      assert.equal(view?.circuit.by, 'Bo');
      assert.deepEqual(
        { ...view.parked, oldest: undefined },
        {
          steps: 1,
          runs: 1,
          oldest: undefined,
          example: runId,
        },
      );
      assert.deepEqual(await list('other'), []);
      await assert.rejects(
        store.api.actingFor(['other'], (tx) => targets.park(tx, id, order)),
        /row-level security/,
      );
      const release = (target: string) =>
        store.api.actingFor(['default'], (tx) => targets.release(tx, { ...id, target }));
      assert.equal((await release(id.target))?.state.kind, 'releasing');
      assert.equal(await release('http:nobody:1'), undefined);
      assert.equal((await parked.tend(one.database, one.queue, id))?.tickets, 1);
      await one.take();
    });

    it('the gauges count what is out and who waits', async () => {
      const earlier = await parked.gauges(store.api);
      await park(fresh());
      const now = await parked.gauges(store.api);
      assert.equal(now.stepsParked, earlier.stepsParked + 1);
      assert.ok(now.parkedAgeSeconds >= 0 && now.targetsOpen >= 1);
    });
  });
}
