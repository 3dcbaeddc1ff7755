import assert from 'node:assert/strict';

import { newId } from '@aos/core';

import { asking, claimed, claimOf, far, FINISHED, parked } from './facts.ts';
import type { Case } from './port.ts';

const approve = { decision: 'approve', by: 'Bo' } as const;

/** What people may say to a run. */
export const peopleCases: readonly Case[] = [
  {
    name: 'a decision wakes its run, which learns of it',
    async check(store) {
      const worker = await store.openWorker();
      const claim = await claimed(store, worker);
      const { approvalId, change } = asking('a');
      await worker.commit(claim, change);
      await worker.commit(claim, parked());
      const asleep = await store.facts(claim.run.id);
      assert.deepEqual([asleep.status, asleep.waitingFor], ['waiting', 'approval']);
      assert.equal(asleep.job, undefined);
      assert.deepEqual(await worker.take(10), []);
      assert.deepEqual(await store.decide(approvalId, approve), {
        first: true,
        decision: 'approve',
      });
      const { run } = await claimOf(worker, claim.run.id);
      assert.equal(run.decisions.get(approvalId)?.decision, 'approve');
      assert.equal(run.decisions.get(approvalId)?.by, 'Bo');
    },
  },
  {
    name: 'the first decision holds; whoever comes later is told of it',
    async check(store) {
      const worker = await store.openWorker();
      const claim = await claimed(store, worker);
      const { approvalId, change } = asking('a');
      await worker.commit(claim, change);
      await store.decide(approvalId, { decision: 'reject', by: 'Ann' });
      const second = await store.decide(approvalId, approve);
      assert.deepEqual(second, { first: false, decision: 'reject' });
      await worker.commit(claim, FINISHED);
      assert.deepEqual(await store.decide(approvalId, approve), second);
    },
  },
  {
    name: 'nothing is decided about a run that has finished, or that nobody asked',
    async check(store) {
      const worker = await store.openWorker();
      const claim = await claimed(store, worker);
      const { approvalId, change } = asking('a');
      await worker.commit(claim, change);
      await worker.commit(claim, FINISHED);
      await assert.rejects(store.decide(approvalId, approve), { code: 'run_finished' });
      await assert.rejects(store.decide(newId('approval'), approve), {
        code: 'approval_not_found',
      });
    },
  },
  {
    name: 'a cancellation reaches a run that is queued, that sleeps, or that somebody holds',
    async check(store) {
      const worker = await store.openWorker();
      const held = await claimed(store, worker);
      const asleep = await claimed(store, worker);
      await worker.commit(asleep, parked(far()));
      const { runId: queued } = await store.accept({ startAt: far() });
      for (const runId of [held.run.id, asleep.run.id, queued]) {
        assert.equal(await store.cancel(runId, 'Ann'), 'asked');
        assert.equal(await store.cancel(runId, 'Eve'), 'asked');
      }
      const { cancelling } = await worker.renew();
      assert.deepEqual(cancelling, [{ runId: held.run.id, by: 'Ann' }]);
      const claims = await worker.take(10);
      assert.deepEqual(
        new Map(claims.map(({ run }) => [run.id, run.cancelledBy])),
        new Map([
          [asleep.run.id, 'Ann'],
          [queued, 'Ann'],
        ]),
      );
    },
  },
  {
    name: 'a run that was cancelled while it was held does not go to sleep',
    async check(store) {
      const worker = await store.openWorker();
      const claim = await claimed(store, worker);
      await store.cancel(claim.run.id, 'Ann');
      await worker.commit(claim, parked(far()));
      assert.equal((await claimOf(worker, claim.run.id)).run.cancelledBy, 'Ann');
    },
  },
  {
    name: 'a run about which somebody decided while it was held does not go to sleep over it',
    async check(store) {
      const worker = await store.openWorker();
      const claim = await claimed(store, worker);
      const { approvalId, change } = asking('a');
      await worker.commit(claim, change);
      await store.decide(approvalId, approve);
      await worker.commit(claim, parked());
      const { run } = await claimOf(worker, claim.run.id);
      assert.equal(run.decisions.get(approvalId)?.decision, 'approve');
    },
  },
  {
    name: 'a finished run never changes again',
    async check(store) {
      const worker = await store.openWorker();
      const claim = await claimed(store, worker);
      await worker.commit(claim, FINISHED);
      const before = await store.facts(claim.run.id);
      assert.equal(await store.cancel(claim.run.id, 'Ann'), 'finished');
      await worker.letGo(claim, 0);
      await worker.die();
      const other = await store.openWorker();
      assert.deepEqual(await other.rescue([worker.id]), []);
      assert.deepEqual(await other.take(10), []);
      assert.deepEqual(await store.facts(claim.run.id), before);
      await assert.rejects(store.cancel(newId('run'), 'Ann'), { code: 'run_not_found' });
    },
  },
];
