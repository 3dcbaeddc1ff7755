import assert from 'node:assert/strict';

import { ClaimLost, type Change } from '@aos/core';

import { aPlan } from '../builders.ts';
import {
  aRecord,
  asking,
  claimed,
  claimOf,
  completion,
  far,
  FINISHED,
  parked,
  RELEASED,
  typesOf,
} from './facts.ts';
import type { Case } from './port.ts';

const failure = { code: 'target_failed', detail: 'It answered 500.' } as const;

/** What is written of a run, and by whom. */
export const journalCases: readonly Case[] = [
  {
    name: 'what is committed comes back with the next claim as it was written',
    async check(store) {
      const worker = await store.openWorker();
      const first = await claimed(store, worker);
      const records = [
        aRecord('a', { output: { x: [1] } }),
        aRecord('b', { status: 'failed', failure, output: 3 }),
        aRecord('c', { status: 'skipped', reason: 'condition' }),
        aRecord('d', { status: 'waiting', wait: { for: 'retry', until: far(), failure } }),
        aRecord('e', { status: 'started', effect: 'unkeyed', attempt: 2 }),
      ];
      const plan = { version: 1, planner: 'static', plan: aPlan({}), hash: 'sha256:1' } as const;
      await worker.commit(first, { ...completion('x'), steps: records, plan });
      await worker.commit(first, RELEASED);
      const { run } = await claimOf(worker, first.run.id);
      assert.equal(run.epoch, 2);
      assert.deepEqual(run.plan, plan);
      assert.deepEqual(
        records.map(({ key }) => run.steps.find((step) => step.key === key)),
        records,
      );
    },
  },
  {
    name: 'a step that is completed stays as it is, whatever is written of it later',
    async check(store) {
      const worker = await store.openWorker();
      const claim = await claimed(store, worker);
      await worker.commit(claim, completion('a', { first: true }));
      await worker.commit(claim, completion('a', { first: false })).catch(() => {});
      const { steps } = await store.facts(claim.run.id);
      assert.deepEqual(
        steps.map((step) => step.status === 'completed' && step.output),
        [{ first: true }],
      );
    },
  },
  {
    name: 'changes of one run stand in the order they were asked for, with those of many others',
    async check(store) {
      const worker = await store.openWorker();
      await Promise.all(Array.from({ length: 40 }, () => store.accept({})));
      const claims = await worker.take(100);
      const keys = Array.from({ length: 10 }, (_, at) => `s${at}`);
      await Promise.all(
        claims.flatMap((claim) => [
          ...keys.map((key) => worker.commit(claim, completion(key))),
          worker.commit(claim, FINISHED),
        ]),
      );
      assert.equal(claims.length, 40);
      for (const { run } of claims) {
        const facts = await store.facts(run.id);
        typesOf(facts);
        const told = facts.events.flatMap(({ event }) => ('step' in event ? [event.step] : []));
        assert.deepEqual(told, keys);
        assert.deepEqual(
          [facts.status, facts.outcome, facts.job],
          ['finished', 'succeeded', undefined],
        );
      }
    },
  },
  {
    name: 'whoever lost the claim writes nothing: no fact, no step, no question, no end',
    async check(store) {
      const worker = await store.openWorker();
      const other = await store.openWorker();
      const stale = await claimed(store, worker);
      await worker.die();
      await other.rescue([worker.id]);
      const tries = [completion('a'), asking('b').change, parked(far()), RELEASED, FINISHED];
      const refused = async () => {
        const before = await store.facts(stale.run.id);
        for (const change of tries) await assert.rejects(worker.commit(stale, change), ClaimLost);
        assert.deepEqual(await store.facts(stale.run.id), before);
      };
      await refused();
      const current = await claimOf(other, stale.run.id);
      await refused();
      await other.commit(current, FINISHED);
      await refused();
    },
  },
  {
    name: 'a claim of an earlier time is refused to the worker that holds the run now, too',
    async check(store) {
      const worker = await store.openWorker();
      const first = await claimed(store, worker);
      await worker.commit(first, RELEASED);
      const second = await claimOf(worker, first.run.id);
      await assert.rejects(worker.commit(first, completion('a')), ClaimLost);
      await worker.commit(second, completion('a'));
      typesOf(await store.facts(first.run.id));
    },
  },
  {
    name: 'an answer to a commit that got lost is found out about, and nothing stands twice',
    async check(store) {
      const worker = await store.openWorker();
      const claim = await claimed(store, worker);
      const asked = asking('b');
      const changes: Change[] = [completion('a'), asked.change, completion('c'), FINISHED];
      for (const change of changes) {
        worker.loseAnswers(2);
        await worker.commit(claim, change);
      }
      const facts = await store.facts(claim.run.id);
      assert.deepEqual(typesOf(facts), [
        'run.accepted',
        'step.completed',
        'approval.requested',
        'step.completed',
        'run.finished',
      ]);
      assert.deepEqual([facts.outcome, facts.approvals.length], ['succeeded', 1]);
    },
  },
  {
    name: 'a run that waits for a time comes back then, and not before',
    async check(store) {
      const worker = await store.openWorker();
      const [late, soon] = [await claimed(store, worker), await claimed(store, worker)];
      await worker.commit(late, parked(far()));
      await worker.commit(soon, parked(new Date(Date.now() - 1)));
      const back = await worker.take(10);
      assert.deepEqual(
        back.map(({ run }) => run.id),
        [soon.run.id],
      );
      const facts = await store.facts(late.run.id);
      assert.deepEqual(
        [facts.status, facts.waitingFor, facts.job?.later],
        ['waiting', 'retry', true],
      );
    },
  },
  {
    name: 'a run that is let go comes back after the pause, with its holder refused',
    async check(store) {
      const worker = await store.openWorker();
      const claim = await claimed(store, worker);
      await worker.letGo(claim, 3_600_000);
      await assert.rejects(worker.commit(claim, FINISHED), ClaimLost);
      const facts = await store.facts(claim.run.id);
      assert.deepEqual([facts.status, facts.epoch, facts.job?.later], ['queued', 2, true]);
      const other = await claimed(store, worker);
      await worker.letGo(other, 0);
      const again = await claimOf(worker, other.run.id);
      await worker.letGo(other, 0);
      await worker.commit(again, FINISHED);
    },
  },
];
