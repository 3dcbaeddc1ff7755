import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { uuidOf } from '@aos/core';

import { acceptIn } from './accept.ts';
import { plainPlaceOf } from './fair-share.ts';
import type { Acceptance } from './acceptance.ts';
import { beginOperation, type NewOperation } from './begin-operation.ts';
import * as cases from './cases.ts';
import * as deadLetters from './dead-letters.ts';
import * as drive from './drive-operation.ts';
import * as gauges from './gauges.ts';
import * as operations from './operations.ts';
import * as selections from './selections.ts';
import { PLAN, startTestStore, type TestStore } from './store.fixture.ts';
import * as tenants from './tenants.ts';
import { failed, servers, startTestWorker, type TestWorker } from './worker.fixture.ts';

const again = (runId: string): Acceptance => ({
  tenant: 'default',
  by: 'me',
  runId: runId.replace(/^run_.{8}/, 'run_0fffffff'),
  agent: 'general',
  agentVersion: 1,
  planner: 'static',
  goal: { goal: 'Say it', input: {}, limits: {}, tags: [] },
  priority: 0,
  plan: PLAN,
  origin: { runId, mode: 'replay', reason: 'Again.' },
});

for (const server of servers) {
  describe(`operations on ${server}`, () => {
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

    const failedRuns = async (count: number): Promise<string[]> => {
      const ids: string[] = [];
      for (let n = 0; n < count; n++) {
        const id = await store.newRun();
        await worker.journal.commit(await worker.claim(id), failed);
        ids.push(id);
      }
      return ids;
    };
    const acting = <T>(work: Parameters<typeof tenants.acting<T>>[2]) =>
      tenants.acting(store.api, 'default', work);
    const begin = (ids: readonly string[], more: Partial<NewOperation> = {}) =>
      acting((tx) =>
        beginOperation(tx, 'default', {
          kind: 'redrive',
          request: { mode: 'replay' },
          selection: { of: 'letters', ids },
          canary: [],
          ratePerSecond: 1,
          reason: 'Again.',
          by: 'me',
          ...more,
        }),
      );

    it('the set is fixed at the start, and its hash is that of the preview', async () => {
      const ids = await failedRuns(3);
      const look = await acting((tx) =>
        selections.preview(tx, 'default', { of: 'letters', ids }, 2),
      );
      assert.deepEqual([look.count, look.sample], [3, ids.slice(0, 2)]);
      const other = selections.preview(
        store.owner,
        'default',
        { of: 'finished', ids: ids.slice(1) },
        2,
      );
      assert.notEqual((await other).hash, look.hash);
      const { id } = await begin(ids, { expectedHash: look.hash });
      const operation = await acting((tx) => operations.get(tx, id));
      assert.deepEqual([operation.total, operation.selectionHash], [3, look.hash]);
      const letter = await acting((tx) => deadLetters.get(tx, ids[0] ?? ''));
      assert.deepEqual([letter.state, letter.operationId], ['redriving', id]);
      const now = await gauges.read(store.api);
      assert.deepEqual(now.deadLetters, { open: 0, redriving: 3 });
      assert.equal(await acting((tx) => operations.end(tx, id, { state: 'done' })), true);
      assert.equal(await acting((tx) => operations.end(tx, id, { state: 'done' })), false);
      assert.equal((await acting((tx) => deadLetters.get(tx, ids[0] ?? ''))).state, 'open');
    });

    it('one driver at a time; what it does not commit has not happened', async () => {
      const ids = await failedRuns(2);
      const { id } = await begin(ids);
      assert.ok((await drive.running(store.api)).some((one) => one.id === id));
      const crash = new Error('The replica died.');
      const dying = acting(async (tx) => {
        const held = await drive.hold(tx, id);
        assert.equal(held?.facts.pending, 2);
        assert.equal(await acting((other) => drive.hold(other, id)), undefined);
        const due = await drive.nextItems(tx, id, 1);
        await acceptIn(
          tx,
          store.queue,
          due.map(({ runId }) => again(runId)),
          plainPlaceOf,
        );
        await drive.settleItems(tx, id, 0, [{ nth: 1, state: 'started' }]);
        throw crash;
      });
      await assert.rejects(dying, crash);
      const held = await acting((tx) => drive.hold(tx, id));
      assert.deepEqual([held?.facts.pending, held?.facts.inStage.started], [2, 0]);
      const runs = await store.owner.query('select 1 from aos.runs where origin_run_id = $1', [
        uuidOf('run', ids[0] ?? ''),
      ]);
      assert.deepEqual(runs, []);
      await acting((tx) => operations.end(tx, id, { state: 'aborted', by: 'me', reason: 'x' }));
    });

    it('a letter that was settled meanwhile is skipped, and says why', async () => {
      const ids = await failedRuns(3);
      const { id } = await begin(ids);
      const [first = '', second = '', third = ''] = ids;
      const child = await store.newRun({
        origin: { runId: first, mode: 'retry', reason: 'By hand.' },
      });
      await acting((tx) =>
        tx.query(
          `update aos.dead_letters set discarded_at = now(), discarded_by = 'x', discard_reason = 'x' where run_id = $1`,
          [uuidOf('run', second)],
        ),
      );
      const due = await acting((tx) => drive.nextItems(tx, id, 10));
      assert.deepEqual(due, [
        { nth: 1, runId: first, skip: `It was run again before, as ${child}.` },
        { nth: 2, runId: second, skip: 'Its dead letter was discarded.' },
        { nth: 3, runId: third },
      ]);
      await acting((tx) => operations.end(tx, id, { state: 'done' }));
    });

    it('of operations that begin at once each run goes to one, whatever the order of ids', async () => {
      const ids = await failedRuns(6);
      const made = await Promise.all(
        [
          begin(ids),
          begin(ids.toReversed()),
          begin(ids.slice(2), { kind: 'rerun', selection: { of: 'finished', ids: ids.slice(2) } }),
        ].map((one) => one.catch(() => undefined)),
      );
      const rows = await store.owner.query<{ run_id: string; count: number }>(
        `select run_id, count(*)::int as count from aos.operation_items where live group by run_id`,
      );
      assert.deepEqual(
        rows.map(({ count }) => count),
        [1, 1, 1, 1, 1, 1],
      );
      for (const one of made) {
        if (one) await acting((tx) => operations.end(tx, one.id, { state: 'done' }));
      }
    });

    it('a case is found by its fingerprint, with its letters counted', async () => {
      const [id = ''] = await failedRuns(1);
      const { fingerprint } = await acting((tx) => deadLetters.get(tx, id));
      const found = await acting((tx) => cases.get(tx, 'default', fingerprint));
      assert.ok(found.letters >= 10);
      assert.deepEqual([found.code, found.message], ['run_expired', 'Too late.']);
    });
  });
}
