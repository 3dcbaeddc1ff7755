import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { echoPlan, startTestApi, type TestApi } from '../api.fixture.ts';

let aos: TestApi;
before(async () => (aos = await startTestApi()));
after(() => aos[Symbol.asyncDispose]());

const TARGET = 'http:api.example:443';
const failure = { code: 'target_overloaded', detail: 'It answered 429.' } as const;

async function parkedRun(): Promise<string> {
  const { json } = await aos.ask('/v1/runs', {
    json: { goal: 'Say it', plan: echoPlan('a'), budget: { wallMs: 3_600_000 } },
  });
  const claim = await aos.worker.claim(json.id);
  await aos.worker.commit(claim, {
    events: [
      { type: 'run.started', workerId: aos.worker.id, epoch: claim.epoch },
      { type: 'step.parked', step: 'say', skill: 'echo', target: TARGET },
      { type: 'run.waiting', waitingFor: 'target' },
    ],
    steps: [
      {
        key: 'say',
        skill: 'echo',
        skillVersion: '1.0.0',
        effect: 'pure',
        attempt: 0,
        startedAt: new Date(),
        status: 'waiting',
        wait: { for: 'target', target: TARGET, failure },
      },
    ],
    next: { status: 'waiting', waitingFor: 'target' },
  });
  return json.id;
}

test('a target is parked and released by hand, and tells who waits for it', async () => {
  assert.deepEqual((await aos.ask('/v1/targets')).json, { items: [] });
  const id = await parkedRun();
  const order = { target: TARGET, reason: 'Maintenance', until: '2999-01-01T00:00:00.000Z' };
  const { json: parked } = await aos.ask('/admin/targets/park', { json: order });
  assert.equal(parked.state, 'parked');
  assert.equal(parked.parkedBy, 'tester');
  assert.equal(parked.until, order.until);
  assert.deepEqual(parked.failure, {
    code: 'target_parked',
    detail: 'tester parked it: Maintenance',
  });
  assert.equal(parked.parked.runs, 1);
  assert.equal(parked.parked.example, id);
  assert.deepEqual((await aos.ask('/v1/targets')).json.items, [parked]);
  assert.deepEqual((await aos.ask('/v1/targets', { key: aos.otherKey })).json.items, []);

  const { json: why } = await aos.ask(`/v1/runs/${id}/why`);
  assert.equal(why.reasons[0].code, 'waiting_for_target');
  assert.equal(why.reasons[0].until, order.until);
  assert.match(
    why.reasons[0].detail,
    /needs http:api\.example:443, which is out: It answered 429\./,
  );
  assert.match(why.reasons[0].detail, /No attempt is used up\. The run's own deadline, 20/);
  const { json: run } = await aos.ask(`/v1/runs/${id}`);
  assert.equal(run.waitingFor, 'target');
  const { json: stuck } = await aos.ask('/v1/runs?waitingFor=target');
  assert.deepEqual(
    stuck.items.map((item: { id: string }) => item.id),
    [id],
  );
  assert.deepEqual((await aos.ask('/v1/runs?waitingFor=retry')).json.items, []);
  const { json: steps } = await aos.ask(`/v1/runs/${id}/steps`);
  assert.equal(steps.items[0].target, TARGET);

  const release = { target: TARGET, reason: 'Done' };
  const { json: released } = await aos.ask('/admin/targets/release', { json: release });
  assert.equal(released.state, 'releasing');
  const stranger = await aos.ask('/admin/targets/release', { json: release, key: aos.otherKey });
  assert.equal(stranger.json.code, 'outage_not_found');
  assert.match(aos.log(), /"event":"target\.parked".*"by":"tester"/);
});

test('only an admin parks, and only what can be a target', async () => {
  const key = await aos.newKey({ scopes: ['runs:read', 'runs:write'] });
  const json = { target: TARGET, reason: 'x' };
  assert.equal((await aos.ask('/admin/targets/park', { key, json })).status, 403);
  assert.equal((await aos.ask('/v1/targets', { key })).status, 200);
  for (const bad of [
    { ...json, target: 'api.example' },
    { ...json, reason: ' ' },
    { target: TARGET },
  ]) {
    assert.equal((await aos.ask('/admin/targets/park', { json: bad })).status, 422);
  }
});

test('the signal for autoscalers tells a number, why, and what it was told from', async () => {
  for (let n = 0; n < 12; n++) {
    await aos.ask('/v1/runs', { json: { goal: 'Say it', plan: echoPlan('a') } });
  }
  const { json } = await aos.ask('/admin/scale?min=2&max=5&targetAgeMs=60000');
  assert.equal(json.inputs.ready, 12);
  assert.deepEqual([json.min, json.max, json.targetAgeMs], [2, 5, 60_000]);
  // The hand worker has ten places.
  assert.equal(json.inputs.slots, 10);
  assert.equal(json.desired, 2);
  assert.equal(json.reasons[0].code, 'places');
  assert.equal((await aos.ask('/admin/scale?min=6&max=5')).status, 422);
  const key = await aos.newKey({ scopes: ['runs:read'] });
  assert.equal((await aos.ask('/admin/scale', { key })).status, 403);
});

test('Prometheus is told where the API and the workers are, in its own form', async () => {
  const { status, json } = await aos.ask('/admin/scrape-targets');
  assert.equal(status, 200);
  // The hand worker has no port.
  assert.deepEqual(json, [
    { targets: [new URL(aos.url).host], labels: { service: 'api' } },
    { targets: [], labels: { service: 'worker' } },
  ]);
  const key = await aos.newKey({ scopes: ['runs:read'] });
  assert.equal((await aos.ask('/admin/scrape-targets', { key })).status, 403);
});
