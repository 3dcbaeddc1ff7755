import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import * as events from './events.ts';
import * as gauges from './gauges.ts';
import { startTestStore, type TestStore } from './store.fixture.ts';
import * as tallies from './tallies.ts';

describe('what the API reads of the journal', () => {
  let store: TestStore;
  before(async () => {
    store = await startTestStore();
  });
  after(() => store[Symbol.asyncDispose]());

  const add = (runId: string, seq: number, tenant = 'default') =>
    store.owner.query(
      `insert into aos.events (tenant_id, run_id, seq, epoch, type, data)
       values ($1, $2, $3, 1, 'step.skipped', '{"step":"a","reason":"condition"}')`,
      [tenant, runId.slice(4), seq],
    );

  test('many readers are served by one statement, each from its place, none across tenants', async () => {
    const mine = await store.newRun();
    const theirs = await store.newRun({ tenant: 'other' });
    for (let seq = 2; seq < 8; seq++) await add(mine, seq);
    const read = (tenants: string[], positions: events.Position[], limit = 100) =>
      store.api.actingFor(tenants, async (tx) =>
        (await events.listMany(tx, positions, limit)).map(
          ({ runId, seq }) => `${runId === mine ? 'mine' : 'theirs'} ${seq}`,
        ),
      );
    const both = [
      { tenant: 'default', runId: mine, after: 5 },
      { tenant: 'other', runId: theirs, after: -1 },
    ];
    assert.deepEqual(await read(['default', 'other'], both), [
      'mine 6',
      'mine 7',
      'theirs 0',
      'theirs 1',
    ]);
    assert.deepEqual(await read(['default'], both), ['mine 6', 'mine 7']);
    assert.deepEqual(
      await read(['default', 'other'], [{ tenant: 'other', runId: mine, after: -1 }]),
      [],
      'a run is read under its own tenant alone',
    );
    assert.deepEqual(await read(['default'], [{ tenant: 'default', runId: mine, after: 1 }], 2), [
      'mine 2',
      'mine 3',
    ]);
  });

  test('the API can add events, and neither change nor remove one', async () => {
    const id = await store.newRun();
    for (const sql of [
      `update aos.events set type = 'x' where run_id = $1`,
      `delete from aos.events where run_id = $1`,
    ]) {
      await assert.rejects(
        store.api.actingFor(['default'], (tx) => tx.query(sql, [id.slice(4)])),
        /permission denied/,
      );
    }
  });

  test('tallies are summed over workers and lanes; gauges count the whole installation', async () => {
    await store.owner.query(
      `insert into aos.tallies (worker_id, lane, metric, label_a, label_b, value)
       select gen_random_uuid(), lane, 'runs', 'failed', 'rules', 2 from generate_series(0, 2) as lane
       union all
       select gen_random_uuid(), 0, 'skill_attempts', 'echo', '', 5`,
    );
    assert.deepEqual(await tallies.sum(store.api), {
      runs: [{ outcome: 'failed', planner: 'rules', count: 6 }],
      skillAttempts: [{ skill: 'echo', count: 5 }],
    });
    const now = await gauges.read(store.api);
    assert.equal(now.runsQueued, 3);
    assert.equal(now.workersLive, 0);
    assert.ok(now.queueAgeSeconds >= 0);
  });
});
