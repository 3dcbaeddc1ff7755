import assert from 'node:assert/strict';

import { aPlan } from '../builders.ts';
import { claimed, claimOf, far, FINISHED, typesOf } from './facts.ts';
import type { Case } from './port.ts';

/** How a run comes in, and how it is taken. */
export const acceptanceCases: readonly Case[] = [
  {
    name: 'an accepted run has its first fact and a job, and is taken once',
    async check(store) {
      const worker = await store.openWorker();
      const { runId, created } = await store.accept({ plan: aPlan({}) });
      assert.ok(created);
      const before = await store.facts(runId);
      assert.deepEqual(typesOf(before), ['run.accepted', 'run.planned']);
      assert.deepEqual([before.status, before.job?.later], ['queued', false]);
      const claims = await worker.take(10);
      assert.deepEqual(
        claims.map(({ run }) => [run.id, run.epoch, run.workerId, run.plan?.plan.steps.length]),
        [[runId, 1, worker.id, 1]],
      );
      assert.deepEqual(await worker.take(10), []);
      const after = await store.facts(runId);
      assert.deepEqual([after.status, after.workerId], ['running', worker.id]);
    },
  },
  {
    name: 'one key is one run, however often and at whatever moment it is used',
    async check(store) {
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => store.accept({ key: 'k', input: { x: 1 } })),
      );
      assert.equal(new Set(answers.map(({ runId }) => runId)).size, 1);
      assert.equal(answers.filter(({ created }) => created).length, 1);
      const again = await store.accept({ key: 'k', input: { x: 1 } });
      assert.deepEqual(again, { runId: answers[0]?.runId, created: false });
      await assert.rejects(store.accept({ key: 'k', input: { x: 2 } }), {
        code: 'idempotency_mismatch',
      });
      const worker = await store.openWorker();
      assert.equal((await worker.take(30)).length, 1);
    },
  },
  {
    name: 'requests without a key are runs of their own',
    async check(store) {
      const answers = await Promise.all(Array.from({ length: 10 }, () => store.accept({})));
      assert.equal(new Set(answers.map(({ runId }) => runId)).size, 10);
      const worker = await store.openWorker();
      assert.equal((await worker.take(30)).length, 10);
    },
  },
  {
    name: 'the urgent goes first, what was under way before all, and what is for later not at all',
    async check(store) {
      const worker = await store.openWorker();
      const under = await claimed(store, worker);
      const later = await store.accept({ startAt: far() });
      const low = await store.accept({ priority: -5 });
      const high = await store.accept({ priority: 50 });
      await worker.commit(under, {
        events: [{ type: 'run.released', workerId: worker.id }],
        next: { status: 'queued' },
      });
      const order: string[] = [];
      for (let at = 0; at < 4; at++) {
        for (const { run } of await worker.take(1)) order.push(run.id);
      }
      assert.deepEqual(order, [under.run.id, high.runId, low.runId]);
      assert.equal((await store.facts(later.runId)).job?.later, true);
    },
  },
  {
    name: 'a deadline is set by the first claim and stays',
    async check(store) {
      const worker = await store.openWorker();
      const first = await claimed(store, worker, { wallMs: 60_000 });
      const { startedAt, deadlineAt } = first.run;
      assert.equal((deadlineAt?.getTime() ?? 0) - startedAt.getTime(), 60_000);
      await worker.commit(first, {
        events: [{ type: 'run.released', workerId: worker.id }],
        next: { status: 'queued' },
      });
      const second = await claimOf(worker, first.run.id);
      assert.deepEqual([second.run.startedAt, second.run.deadlineAt], [startedAt, deadlineAt]);
    },
  },
  {
    name: 'an answer to a claim that got lost leaves no run with nobody behind it',
    async check(store) {
      const worker = await store.openWorker();
      const runs = await Promise.all(Array.from({ length: 5 }, () => store.accept({})));
      worker.loseAnswers(1);
      const claims = await worker.take(10);
      assert.equal(claims.length, 5, 'it was found out that they stand');
      await Promise.all(claims.map((claim) => worker.commit(claim, FINISHED)));
      for (const { runId } of runs) {
        assert.equal((await store.facts(runId)).status, 'finished');
      }
    },
  },
];
