import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { idOf, uuidOf, type Change, type Failure } from '@aos/core';
import { PgBoss } from 'pg-boss';

import { trueUp } from './bury.ts';
import { startTestStore, type TestStore } from './store.fixture.ts';
import * as tenants from './tenants.ts';
import {
  aRecord,
  failed,
  finished,
  journalOf,
  servers,
  startTestWorker,
  type TestWorker,
} from './worker.fixture.ts';

const failure: Failure = { code: 'target_failed', detail: 'The host answered 500.' };

/** The step `say` failed, and the run with it. */
const failedStep: Change = {
  events: [
    {
      type: 'step.failed',
      step: 'say',
      skill: 'echo',
      attempt: 3,
      durationMs: 1,
      failure,
      usage: {
        model: 'm',
        inputTokens: 1,
        outputTokens: 1,
        cacheReadTokens: 0,
        cacheWriteTokens: 0,
        costUsd: 0.25,
      },
    },
    { type: 'run.finished', outcome: 'failed', durationMs: 1, failure },
  ],
  steps: [aRecord('say', { status: 'failed', failure, attempt: 3, inputHash: 'sha256:1' })],
  next: { status: 'finished', outcome: 'failed', failureCode: 'target_failed' },
};

for (const server of servers) {
  describe(`dead letters on ${server}`, () => {
    let store: TestStore;
    let worker: TestWorker;
    before(async () => {
      store = await startTestStore(server);
      worker = await startTestWorker(store);
    });
    after(async () => {
      await worker[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    });

    const failedRun = async (more: Parameters<TestStore['newRun']>[0] = {}): Promise<string> => {
      const runId = await store.newRun(more);
      await worker.journal.commit(await worker.claim(runId), failedStep);
      return runId;
    };
    const letterOf = async (runId: string) => {
      const [row] = await store.owner.query<Record<string, unknown>>(
        `select * from aos.dead_letters where run_id = $1`,
        [uuidOf('run', runId)],
      );
      return row;
    };
    const deadJobs = async (runId: string) =>
      (
        await store.owner.query<{ data: unknown }>(
          `select data from pgboss.job where name = 'runs_dead' and id = $1`,
          [uuidOf('run', runId)],
        )
      ).map(({ data }) => data);

    it('the commit that fails a run writes its letter, with everything', async () => {
      const runId = await failedRun();
      const { fingerprint, root_run_id, plan_hash, ...letter } = (await letterOf(runId)) ?? {};
      assert.equal(root_run_id, uuidOf('run', runId));
      assert.match(String(plan_hash), /^sha256:/);
      const expected = {
        tenant_id: 'default',
        redrives: 0,
        epoch: 1,
        agent: 'general',
        agent_version: 1,
        code: 'target_failed',
        category: 'target',
        failure,
        step_key: 'say',
        skill: 'echo',
        skill_version: '1.0.0',
        attempts: 3,
        input_hash: 'sha256:1',
        plan_version: 1,
        skill_versions: { echo: '1.0.0' },
        cost_usd: '0.25',
        message: 'The host answered <n>.',
        redriven_as: null,
        discarded_at: null,
      };
      for (const [name, value] of Object.entries(expected)) {
        assert.deepEqual(letter[name], value, name);
      }
      assert.deepEqual(await deadJobs(runId), [{ runId, code: 'target_failed', fingerprint }]);
    });

    it('what succeeded or was cancelled has none', async () => {
      const good = await store.newRun();
      await worker.journal.commit(await worker.claim(good), finished);
      const cancelled = await store.newRun();
      await worker.journal.commit(await worker.claim(cancelled), {
        events: [{ type: 'run.finished', outcome: 'cancelled', durationMs: 1, by: 'me' }],
        next: { status: 'finished', outcome: 'cancelled' },
      });
      assert.equal(await letterOf(good), undefined);
      assert.equal(await letterOf(cancelled), undefined);
    });

    it('a run that failed as a whole has a letter without a step', async () => {
      const runId = await store.newRun();
      await worker.journal.commit(await worker.claim(runId), failed);
      const letter = await letterOf(runId);
      assert.deepEqual([letter?.['step_key'], letter?.['category']], [null, 'limit']);
    });

    it('running it again closes its letter, and a second failure counts on', async () => {
      const first = await failedRun();
      const origin = { runId: first, mode: 'replay', reason: 'Again.' } as const;
      const second = await failedRun({ origin, by: 'ann' });
      const closed = await letterOf(first);
      assert.equal(closed?.['redriven_as'], uuidOf('run', second));
      assert.equal(closed?.['redriven_by'], 'ann');
      assert.deepEqual(await deadJobs(first), []);
      const next = await letterOf(second);
      assert.deepEqual([next?.['redrives'], next?.['root_run_id']], [1, uuidOf('run', first)]);
      assert.equal((await deadJobs(second)).length, 1);
      // By hand it may be run once more; the letter tells of the first time.
      const third = await store.newRun({ origin });
      assert.notEqual(third, second);
      assert.equal((await letterOf(first))?.['redriven_as'], uuidOf('run', second));
    });

    it('a run of another tenant closes nothing', async () => {
      const theirs = await failedRun({ tenant: 'other' });
      const origin = { runId: theirs, mode: 'replay', reason: 'Again.' } as const;
      await assert.rejects(store.newRun({ origin }), { code: 'run_not_found' });
      assert.equal((await letterOf(theirs))?.['redriven_as'], null);
      const seen = await tenants.acting(store.api, 'default', (tx) =>
        tx.query(`select 1 from aos.dead_letters where run_id = $1`, [uuidOf('run', theirs)]),
      );
      assert.deepEqual(seen, []);
    });

    it("a job that pg-boss's own redrive moves to the runs does no harm, and comes back", async () => {
      const runId = await failedRun();
      const boss = new PgBoss({ connectionString: store.url, supervise: false, schedule: false });
      await boss.start();
      const ids = [uuidOf('run', runId) as string];
      assert.equal(await boss.redrive('runs_dead', { destination: 'runs', ids }), 1);
      await boss.stop({ graceful: false });
      assert.deepEqual(await deadJobs(runId), []);
      const had = await journalOf(store, runId);

      const strays: unknown[] = [];
      const claims = await worker.take(100, undefined, (jobs) =>
        strays.push(...jobs.map(({ data }) => data)),
      );
      assert.ok(!claims.some(({ run }) => run.id === runId));
      const { fingerprint } = (await letterOf(runId)) ?? {};
      assert.deepEqual(strays, [{ runId, code: 'target_failed', fingerprint }]);
      assert.deepEqual(await journalOf(store, runId), had);
      const left = await store.owner.query(
        `select state from pgboss.job where name = 'runs' and data is not null and state <> 'completed'`,
      );
      assert.deepEqual(left, []);

      assert.deepEqual(await trueUp(worker.database, worker.queue), { letters: 0, jobs: 1 });
      assert.deepEqual(await deadJobs(runId), [{ runId, code: 'target_failed', fingerprint }]);
    });

    it('a failed run without a letter gets one, and a job without an open letter goes', async () => {
      const runId = await failedRun();
      const uuid = uuidOf('run', runId) as string;
      await store.owner.query(`delete from aos.dead_letters where run_id = $1`, [uuid]);
      await store.owner.query(`delete from pgboss.job where name = 'runs_dead' and id = $1`, [
        uuid,
      ]);
      const stranger = '01900000-0000-7000-8000-000000000000';
      const data = { runId: idOf('run', stranger), code: 'internal', fingerprint: '0'.repeat(24) };
      await worker.queue.bury(worker.database, [{ uuid: stranger, data }]);
      assert.deepEqual(await trueUp(worker.database, worker.queue), { letters: 1, jobs: 1 });
      assert.equal((await letterOf(runId))?.['code'], 'target_failed');
      assert.equal((await deadJobs(runId)).length, 1);
      assert.deepEqual(await deadJobs(idOf('run', stranger)), []);
      assert.deepEqual(await trueUp(worker.database, worker.queue), { letters: 0, jobs: 0 });
    });
  });
}
