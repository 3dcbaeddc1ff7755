import assert from 'node:assert/strict';

import { ClaimLost } from '@aos/core';

import { claimed, claimOf, completion, far, FINISHED, parked, RELEASED, typesOf } from './facts.ts';
import type { Case } from './port.ts';

/** Who may hold a run, and how it gets out of the hands of the dead. */
export const leaseCases: readonly Case[] = [
  {
    name: 'the living are never suspected, nor robbed when somebody tries',
    async check(store) {
      const workers = await Promise.all([0, 1, 2].map(() => store.openWorker()));
      const [one, two] = workers;
      assert.ok(one && two);
      const claim = await claimed(store, one);
      const seen = await Promise.all(workers.map((worker) => worker.suspects()));
      assert.deepEqual(seen.flat(), []);
      assert.deepEqual(await two.rescue([one.id]), []);
      assert.equal((await one.renew()).held, true);
      await one.commit(claim, FINISHED);
    },
  },
  {
    name: 'runs of the dead go on elsewhere, ahead of new ones, from what was committed',
    async check(store) {
      const [dead, other] = [await store.openWorker(), await store.openWorker()];
      const claim = await claimed(store, dead);
      await dead.commit(claim, completion('a'));
      await dead.die();
      while (!(await other.suspects()).includes(dead.id));
      assert.deepEqual(await other.rescue([dead.id]), [claim.run.id]);
      assert.deepEqual(await other.rescue([dead.id]), [], 'once');
      await store.accept({ priority: 100 });
      const [again] = await other.take(1);
      assert.deepEqual([again?.run.id, again?.run.epoch], [claim.run.id, 3]);
      assert.deepEqual(
        again?.run.steps.map(({ key }) => key),
        ['a'],
      );
      assert.equal((await dead.renew()).held, false);
      assert.deepEqual(await dead.take(10), []);
    },
  },
  {
    name: 'a lease that ran out is gone, though its worker still talks: no renewal, no claim',
    async check(store) {
      const [frozen, other] = [await store.openWorker(), await store.openWorker()];
      const claim = await claimed(store, frozen);
      await frozen.expire();
      await store.accept({});
      assert.deepEqual(await frozen.take(10), []);
      assert.equal((await frozen.renew()).held, false);
      assert.deepEqual(await other.suspects(), [frozen.id]);
      assert.deepEqual(await other.rescue([frozen.id]), [claim.run.id]);
      await assert.rejects(frozen.commit(claim, FINISHED), ClaimLost);
    },
  },
  {
    name: 'a worker that stops takes nothing more, and keeps what it has until it is done',
    async check(store) {
      const [worker, other] = [await store.openWorker(), await store.openWorker()];
      const claim = await claimed(store, worker);
      await store.accept({});
      await worker.stopping();
      assert.deepEqual(await worker.take(10), []);
      assert.equal((await worker.renew()).held, true);
      assert.deepEqual(await other.suspects(), []);
      await worker.commit(claim, RELEASED);
      await worker.stopped();
      assert.deepEqual(await other.suspects(), [], 'who ended in order is not dead');
      assert.equal((await worker.renew()).held, false);
      assert.equal((await other.take(10)).length, 2);
    },
  },
  {
    name: 'a run whose job is gone is sent again once it is old; all others are left alone',
    async check(store) {
      const worker = await store.openWorker();
      const slept = await claimed(store, worker);
      const asleep = await claimed(store, worker);
      const held = await claimed(store, worker);
      await worker.commit(slept, parked(new Date(Date.now() - 1)));
      await worker.commit(asleep, parked(far()));
      const { runId: queued } = await store.accept({});
      const { runId: fine } = await store.accept({});
      for (const runId of [queued, slept.run.id]) await store.loseJob(runId);
      assert.equal(await worker.dispatchForgotten(), 0, 'it is too young');
      for (const { run } of [slept, asleep, held]) await store.age(run.id);
      for (const runId of [queued, fine]) await store.age(runId);
      assert.equal(await worker.dispatchForgotten(), 2);
      assert.equal(await worker.dispatchForgotten(), 0);
      const back = new Set((await worker.take(10)).map(({ run }) => run.id));
      assert.deepEqual(back, new Set([queued, slept.run.id, fine]));
      await worker.commit(held, FINISHED);
    },
  },
  {
    name: 'a run held by a worker that ended is given back, whatever the cause',
    async check(store) {
      const [worker, other] = [await store.openWorker(), await store.openWorker()];
      const claim = await claimed(store, worker);
      await worker.stopped();
      assert.deepEqual(await other.suspects(), []);
      assert.equal(await other.dispatchForgotten(), 1);
      const again = await claimOf(other, claim.run.id);
      await assert.rejects(worker.commit(claim, completion('a')), ClaimLost);
      await other.commit(again, FINISHED);
      typesOf(await store.facts(claim.run.id));
    },
  },
];
