import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as approvals from './approvals.ts';
import * as runs from './runs.ts';
import { startTestStore } from './store.fixture.ts';
import * as tenants from './tenants.ts';
import { asking, journalOf, rowOf, startTestWorker } from './worker.fixture.ts';

const TIMES = 200;

test('a decision that meets a run on its way to sleep is never lost', async () => {
  await using store = await startTestStore();
  await using worker = await startTestWorker(store);
  let decidedFirst = 0;
  for (let at = 0; at < TIMES; at++) {
    const runId = await store.newRun();
    const claim = await worker.claim(runId);
    const { approvalId, change } = asking('say');
    const { next, ...ask } = change;
    await worker.journal.commit(claim, ask);
    const park = () =>
      worker.journal.commit(claim, {
        events: [{ type: 'run.waiting', waitingFor: 'approval' }],
        ...(next && { next }),
      });
    const decide = () =>
      tenants.acting(store.api, 'default', (tx) =>
        approvals.decide(tx, store.queue, approvalId, { decision: 'approve', by: 'Bo' }),
      );
    const meeting = at % 2 ? [decide(), park()] : [park(), decide()];
    await Promise.all(meeting);
    if ((await rowOf(store, runId))['status'] === 'waiting') decidedFirst++;
    const again = await worker.claim(runId);
    assert.equal(again.run.decisions.get(approvalId)?.decision, 'approve');
    await journalOf(store, runId);
  }
  assert.ok(decidedFirst > 0 && decidedFirst < TIMES, `both orders occur: ${decidedFirst}`);
});

test('a cancellation that meets a run on its way to sleep is never lost', async () => {
  await using store = await startTestStore();
  await using worker = await startTestWorker(store);
  const far = new Date(Date.now() + 3_600_000);
  for (let at = 0; at < TIMES; at++) {
    const runId = await store.newRun();
    const claim = await worker.claim(runId);
    const park = () =>
      worker.journal.commit(claim, {
        events: [{ type: 'run.waiting', waitingFor: 'retry' }],
        next: { status: 'waiting', waitingFor: 'retry', wakeAt: far },
      });
    const cancel = () =>
      tenants.acting(store.api, 'default', (tx) => runs.cancel(tx, store.queue, runId, 'Ann'));
    await Promise.all(at % 2 ? [cancel(), park()] : [park(), cancel()]);
    const again = await worker.claim(runId);
    assert.equal(again.run.cancelledBy, 'Ann');
    assert.equal(again.epoch, 2);
  }
});
