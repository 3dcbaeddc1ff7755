import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { echoPlan, startTestApi, type TestApi } from '../api.fixture.ts';

/** Events of the log are told once no older transaction of the test server is open. */
const WAIT = 'wait=20';

describe('the log over HTTP', () => {
  let api: TestApi;
  before(async () => {
    api = await startTestApi();
  });
  after(() => api[Symbol.asyncDispose]());

  const accept = async (key = api.key): Promise<string> => {
    const told = await api.ask('/v1/runs', { key, json: { goal: 'x', plan: echoPlan('a') } });
    assert.equal(told.status, 202, told.text);
    return told.json.id;
  };
  const readOn = async (behind: string, count: number) => {
    let next = behind;
    const items: { id: string; runId: string; seq: number; cursor: string; type: string }[] = [];
    while (items.length < count) {
      const { json } = await api.ask(`/v1/events?after=${next}&${WAIT}`);
      items.push(...json.items);
      next = json.nextAfter;
    }
    return { items, next };
  };

  test('gives the events of all runs of the tenant in one order, page by page, and waits for more', async () => {
    const { json: end } = await api.ask('/v1/events?after=end');
    assert.deepEqual(end.items, []);
    const [one, two] = [await accept(), await accept()];
    await accept(api.otherKey);
    const { items } = await readOn(end.nextAfter, 4);
    assert.equal(items.length, 4);
    assert.deepEqual(new Set(items.map(({ runId }) => runId)), new Set([one, two]));
    assert.deepEqual(
      items.map(({ id }) => id),
      items.map(({ runId, seq }) => `${runId}:${seq}`),
    );
    const first = await api.ask(`/v1/events?after=${end.nextAfter}&limit=1`);
    assert.equal(first.json.items.length, 1);
    const rest = await api.ask(`/v1/events?after=${first.json.nextAfter}`);
    assert.deepEqual([...first.json.items, ...rest.json.items], items);
    const typed = await api.ask(`/v1/events?after=${end.nextAfter}&type=run.planned`);
    assert.equal(typed.json.items.length, 2);
    const waiting = api.ask(`/v1/events?after=${rest.json.nextAfter}&${WAIT}`);
    await accept();
    assert.ok((await waiting).json.items.length > 0);
  });

  test('a cursor that is none, and a type that is none, are told', async () => {
    const uuid = '01a209b7-0000-7a98-b4dc-000000000000';
    const forged = [
      ['1', '9'.repeat(19), uuid, '0'],
      ['1', '5', '-'.repeat(36), '0'],
      ['1', '5', uuid, '9999999999'],
      ['1', '5', uuid],
      ['-1', '5', uuid, '0'],
    ].map((parts) => `after=${Buffer.from(JSON.stringify(parts)).toString('base64url')}`);
    const odd = ['after=nonsense', 'type=run.exploded', 'limit=0', 'wait=31', ...forged];
    for (const query of odd) {
      const told = await api.ask(`/v1/events?${query}`);
      assert.equal(told.status, 422, query);
    }
  });

  test('a consumer takes, acknowledges and replays, and tells how far it is behind', async () => {
    const made = await api.ask('/v1/consumers', {
      json: { name: 'billing', types: ['run.accepted'] },
    });
    assert.equal(made.status, 201);
    assert.equal(made.headers.get('location'), '/v1/consumers/billing');
    const again = await api.ask('/v1/consumers', { json: { name: 'billing' } });
    assert.equal(again.json.code, 'consumer_exists');
    const run = await accept();
    const take = () => api.ask(`/v1/consumers/billing/events?member=a&${WAIT}`);
    const taken = await take();
    assert.equal(taken.json.part, 0);
    assert.deepEqual(
      taken.json.items.map(({ id }: { id: string }) => id),
      [`${run}:0`],
    );
    const { json: behind } = await api.ask('/v1/consumers/billing');
    assert.equal(behind.lag.events, 1);
    assert.equal(behind.parts[0].member, 'a');
    const other = await api.ask('/v1/consumers/billing/events?member=b');
    assert.deepEqual([other.json.part, other.json.items], [null, []]);

    const [{ cursor }] = taken.json.items;
    const ack = (member: string) =>
      api.ask('/v1/consumers/billing/ack', { json: { after: cursor, member } });
    assert.equal((await ack('b')).json.code, 'lease_lost');
    assert.equal((await ack('a')).status, 204);
    assert.equal((await ack('a')).status, 204);
    assert.equal((await api.ask('/v1/consumers/billing')).json.lag.events, 0);
    const reset = await api.ask('/v1/consumers/billing/reset', {
      json: { from: new Date(Date.now() - 60_000).toISOString(), reason: 'a bad deploy' },
    });
    assert.equal(reset.json.reset.reason, 'a bad deploy');
    assert.equal((await ack('a')).json.code, 'lease_lost');
    const replay = await take();
    assert.ok(replay.json.items.some(({ id }: { id: string }) => id === `${run}:0`));
    const odd = await api.ask('/v1/consumers/billing/reset', {
      json: { from: '2026-99-99T00:00:00Z', reason: 'x' },
    });
    assert.equal(odd.status, 422);
    assert.equal((await api.ask('/v1/consumers/billing', { method: 'DELETE' })).status, 204);
    assert.equal((await take()).json.code, 'consumer_not_found');
  });

  test('an operator sees the parts of the log, and metrics tell of lag', async () => {
    const { json } = await api.ask('/admin/log');
    assert.equal(json.incarnation.n, 1);
    assert.ok(json.parts.length >= 2);
    const { text } = await api.ask('/metrics');
    assert.match(text, /^nova_event_lag_seconds\{reader="consumers"\} /m);
    assert.match(text, /^nova_event_parts_ahead [1-9]/m);
  });
});
