import assert from 'node:assert/strict';

import { ClaimLost } from '@aos/core';

import { asking, claimed, claimOf, completion, far, FINISHED, parked, typesOf } from './facts.ts';
import type { Case, RunStore } from './port.ts';

const ROUNDS = 15;

/** Both sides of a race, either one first. */
async function race(at: number, one: () => Promise<unknown>, two: () => Promise<unknown>) {
  const [first, second] = at % 2 ? [one, two] : [two, one];
  const begun = first();
  // Some head start, now and then, so that either side wins sometimes.
  for (let turns = (at % 5) ** 3; turns > 0; turns--)
    await new Promise((resolve) => setImmediate(resolve));
  await Promise.all([begun, second()]);
}

async function rounds(work: (at: number) => Promise<void>): Promise<void> {
  for (let at = 0; at < ROUNDS; at++) await work(at);
}

/** What may happen at the same moment. */
export const raceCases: readonly Case[] = [
  {
    name: 'race: a checkpoint that meets a takeover stands before it, or not at all',
    async check(store) {
      const other = await store.openWorker();
      await rounds(async (at) => {
        const worker = await store.openWorker();
        const claim = await claimed(store, worker);
        await worker.expire();
        let stands = 0;
        const write = async () => {
          for (const key of ['a', 'b', 'c', 'd']) {
            await worker.commit(claim, completion(key));
            stands++;
          }
        };
        await race(
          at,
          () => write().catch((error: unknown) => assert.ok(error instanceof ClaimLost)),
          async () => {
            // Who is writing at this moment is not declared dead yet.
            while ((await other.rescue([worker.id])).length === 0);
          },
        );
        const again = await claimOf(other, claim.run.id);
        assert.equal(again.run.steps.length, stands);
        await assert.rejects(worker.commit(claim, completion('e')), ClaimLost);
        await other.commit(again, FINISHED);
        typesOf(await store.facts(claim.run.id));
      });
    },
  },
  {
    name: 'race: a checkpoint that meets the letting go of its run stands before it, or not at all',
    async check(store) {
      const worker = await store.openWorker();
      await rounds(async (at) => {
        const claim = await claimed(store, worker);
        const writes = ['a', 'b', 'c'].map((key) => async () => {
          await worker.commit(claim, completion(key));
          return 1;
        });
        let stands = 0;
        const write = async () => {
          for (const one of writes) stands += await one();
        };
        await race(
          at,
          () => write().catch((error: unknown) => assert.ok(error instanceof ClaimLost)),
          () => worker.letGo(claim, 0),
        );
        const again = await claimOf(worker, claim.run.id);
        assert.equal(again.run.steps.length, stands);
        await worker.commit(again, completion('d'));
        await worker.commit(again, FINISHED);
        const types = typesOf(await store.facts(claim.run.id));
        assert.equal(types.filter((type) => type === 'step.completed').length, stands + 1);
      });
    },
  },
  {
    name: 'race: what is accepted while others take is taken',
    async check(store) {
      const worker = await store.openWorker();
      const taken = new Set<string>();
      const over = new AbortController();
      const take = async () => {
        for (const { run } of await worker.take(50)) taken.add(run.id);
      };
      const takers = [0, 1, 2].map(async () => {
        while (!over.signal.aborted) await take();
      });
      const made: string[] = [];
      for (let at = 0; at < ROUNDS * 3; at++) made.push((await store.accept({})).runId);
      over.abort();
      await Promise.all(takers);
      await take();
      assert.deepEqual(made.toSorted(), [...taken].toSorted());
    },
  },
  {
    name: 'race: two who take at once never get the same run, and together get all',
    async check(store) {
      const workers = await Promise.all([0, 1, 2].map(() => store.openWorker()));
      const made = await Promise.all(Array.from({ length: 60 }, () => store.accept({})));
      const taken: string[] = [];
      await Promise.all(
        workers.map(async (worker) => {
          for (let empty = 0; empty < 3;) {
            const claims = await worker.take(4);
            taken.push(...claims.map(({ run }) => run.id));
            empty = claims.length === 0 ? empty + 1 : 0;
          }
        }),
      );
      assert.deepEqual(taken.toSorted(), made.map(({ runId }) => runId).toSorted());
    },
  },
  {
    name: 'race: two who rescue at once give each run back once',
    async check(store) {
      const rescuers = await Promise.all([0, 1].map(() => store.openWorker()));
      await rounds(async () => {
        const dead = await store.openWorker();
        const claim = await claimed(store, dead);
        await dead.die();
        let back: string[] = [];
        while (back.length === 0) {
          back = (await Promise.all(rescuers.map((one) => one.rescue([dead.id])))).flat();
        }
        assert.deepEqual(back, [claim.run.id]);
        const [again] = (await Promise.all(rescuers.map((one) => one.take(5)))).flat();
        assert.equal(again?.run.epoch, 3);
      });
    },
  },
  {
    name: 'race: a run that is about to sleep never sleeps through a decision or a cancellation',
    async check(store) {
      const worker = await store.openWorker();
      await rounds(async (at) => {
        const claim = await claimed(store, worker);
        const { approvalId, change } = asking('a');
        await worker.commit(claim, change);
        const cancelled = at % 3 === 0;
        await race(
          at,
          () => worker.commit(claim, parked(cancelled ? far() : undefined)),
          () =>
            cancelled
              ? store.cancel(claim.run.id, 'Ann')
              : store.decide(approvalId, { decision: 'approve', by: 'Bo' }),
        );
        const { run } = await claimOf(worker, claim.run.id);
        assert.equal(run.cancelledBy, cancelled ? 'Ann' : undefined);
        assert.equal(run.decisions.size, cancelled ? 0 : 1);
      });
    },
  },
  {
    name: 'race: of many who decide at once one is first, and all are told the same',
    async check(store) {
      const worker = await store.openWorker();
      await rounds(async () => {
        const claim = await claimed(store, worker);
        const { approvalId, change } = asking('a');
        await worker.commit(claim, change);
        const answers = await Promise.all(
          ['approve', 'reject', 'approve', 'reject'].map((decision, at) =>
            store.decide(approvalId, { decision: decision as 'approve', by: `p${at}` }),
          ),
        );
        assert.equal(answers.filter(({ first }) => first).length, 1);
        assert.equal(new Set(answers.map(({ decision }) => decision)).size, 1);
      });
    },
  },
  {
    name: 'race: a run cancelled while it ends has one end, and one answer is true',
    async check(store) {
      const worker = await store.openWorker();
      await rounds(async (at) => {
        const claim = await claimed(store, worker);
        let answer = '';
        await race(
          at,
          () => worker.commit(claim, FINISHED),
          async () => (answer = await store.cancel(claim.run.id, 'Ann')),
        );
        const facts = await store.facts(claim.run.id);
        assert.equal(facts.status, 'finished');
        assert.equal(answer === 'asked', facts.cancelledBy === 'Ann');
      });
    },
  },
  { name: 'race: everybody at everything for a while leaves every run whole', check: storm },
];

const STORM_RUNS = 40;
const TRIES_MAX = 20;

/** A store may say that it is too busy; then nothing was done, and the same is asked again. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (tries >= TRIES_MAX) throw error;
    }
  }
}

/** Claims, checkpoints, parks, cancels, decisions, takeovers and lost answers, all at once. */
async function storm(store: RunStore): Promise<void> {
  const made = await Promise.all(Array.from({ length: STORM_RUNS }, () => store.accept({})));
  const open = new Set(made.map(({ runId }) => runId));
  const work = async (nth: number) => {
    let worker = await store.openWorker();
    for (let turn = 0; open.size > 0; turn++) {
      worker.loseAnswers(0);
      const claims = await patiently(() => worker.take(7));
      if (turn % 3 === 1) worker.loseAnswers(1);
      const fates = await Promise.allSettled(
        claims.map(async (claim, at) => {
          const { approvalId, change } = asking(`a${claim.run.epoch}`);
          await worker.commit(claim, completion(`s${claim.run.epoch}`));
          if (claim.run.epoch > 4 || claim.run.cancelledBy) {
            await worker.commit(claim, FINISHED);
            open.delete(claim.run.id);
            return;
          }
          await worker.commit(claim, change);
          const decided = patiently(() =>
            store.decide(approvalId, { decision: 'approve', by: 'Bo' }),
          );
          const cancelled =
            (at + turn) % 11 === 0 && patiently(() => store.cancel(claim.run.id, 'Ann'));
          await worker.commit(claim, parked());
          await Promise.all([decided, cancelled]);
        }),
      );
      for (const fate of fates) {
        if (fate.status === 'rejected') throw fate.reason;
      }
      if (nth > 0 && turn % 5 === 4) {
        // Dies with what it takes now in hand, and comes back as another.
        worker.loseAnswers(0);
        await patiently(() => worker.take(3));
        await worker.die();
        worker = await store.openWorker();
      }
    }
  };
  const look = async () => {
    const rescuer = await store.openWorker();
    while (open.size > 0) {
      await patiently(async () => rescuer.rescue(await rescuer.suspects()));
    }
  };
  try {
    await Promise.all([work(0), work(1), work(2), look()]);
  } finally {
    open.clear();
  }
  for (const { runId } of made) {
    const facts = await store.facts(runId);
    assert.equal(typesOf(facts).filter((type) => type === 'run.finished').length, 1);
    assert.deepEqual([facts.status, facts.events.at(-1)?.event.type], ['finished', 'run.finished']);
  }
}
