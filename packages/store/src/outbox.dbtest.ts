import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import { addEvents, settled } from './log.fixture.ts';
import type { Database } from './db.ts';
import * as deliveries from './deliveries.ts';
import * as outbox from './outbox.ts';
import { startTestStore, type TestStore } from './store.fixture.ts';
import * as webhooks from './webhooks.ts';

const ATTEMPT = { at: '2026-01-01T00:00:00.000Z', durationMs: 5 } as const;
const NOBODY = new Map<string, number>();

describe('the outbox', () => {
  let store: TestStore;
  let worker: Database;
  before(async () => {
    store = await startTestStore();
    worker = store.database('aos_worker');
  });
  after(() => store[Symbol.asyncDispose]());
  beforeEach(async () => {
    await store.owner.query('delete from aos.webhooks');
    await relayed();
  });

  const relayed = async () => {
    await settled(store);
    let made = 0;
    for (;;) {
      const step = await outbox.relay(worker);
      made += step.made;
      if (!step.more) return made;
    }
  };
  const webhook = (more: Partial<Parameters<typeof webhooks.create>[2]> = {}, tenant = 'default') =>
    store.api.actingFor([tenant], (tx) =>
      webhooks.create(tx, tenant, {
        url: 'https://example.org/hook',
        types: [],
        agents: [],
        description: '',
        by: 'me',
        secret: webhooks.newSecret().secret,
        ...more,
      }),
    );
  const due = (max = 100, busy = NOBODY) => outbox.takeDue(worker, busy, max);
  const all = async (id: string) =>
    (await deliveries.list(store.owner, 'default', id, { limit: 1000 })).items;

  test('each event becomes one delivery for each address that wants it, with the same id whoever makes it', async () => {
    const every = await webhook();
    const ends = await webhook({ types: ['run.finished'] });
    const theirs = await webhook({}, 'other');
    await webhook({ agents: ['nobody'] });
    const uuid = await addEvents(store, ['run.accepted', 'step.completed', 'run.finished']);
    await settled(store);
    const made = await Promise.all([outbox.relay(worker), outbox.relay(worker), relayed()]);
    assert.equal(made[0].made + made[1].made + made[2], 4);
    assert.deepEqual(
      (await all(every.id)).map(({ type }) => type).toSorted((a, b) => a.localeCompare(b)),
      ['run.accepted', 'run.finished', 'step.completed'],
    );
    const [end] = await all(ends.id);
    assert.equal(end?.runId, `run_${uuid}`);
    assert.equal(
      (await deliveries.list(store.owner, 'other', theirs.id, { limit: 9 })).items.length,
      0,
    );
    await store.owner.query('delete from aos.deliveries');
    await store.owner.query('update aos.log_state set relayed_below = 0');
    await relayed();
    assert.deepEqual(
      (await all(ends.id)).at(0)?.id,
      end?.id,
      'the id follows from address and event',
    );
  });

  test('a run that is accepted is announced, and one that is refused is not', async () => {
    const hook = await webhook({ types: ['run.accepted'], agents: ['general'] });
    const runId = await store.newRun();
    await assert.rejects(store.newRun({ agent: 'nobody' }), { code: 'agent_not_found' });
    await relayed();
    assert.deepEqual(
      (await all(hook.id)).map((one) => one.runId),
      [runId],
    );
  });

  test('what was committed before an address was there is not told to it', async () => {
    await addEvents(store, ['run.accepted']);
    await settled(store);
    const hook = await webhook();
    await addEvents(store, ['run.finished']);
    await relayed();
    assert.deepEqual(
      (await all(hook.id)).map(({ type }) => type),
      ['run.finished'],
    );
  });

  test('of one run an address is sent one event at a time, in order, also over retries', async () => {
    await webhook();
    const uuid = await addEvents(store, ['a', 'b', 'c']);
    await addEvents(store, ['x']);
    await relayed();
    const first = await due();
    assert.deepEqual(new Set(first.map(({ event }) => event?.event.type)), new Set(['a', 'x']));
    assert.deepEqual(await due(), [], 'what is being sent is taken by nobody else');
    const a = first.find(({ event }) => event?.runId === `run_${uuid}`) as outbox.Sending;
    const x = first.find(({ id }) => id !== a.id) as outbox.Sending;
    await outbox.record(worker, x, { next: 'delivered' }, ATTEMPT);
    await outbox.record(worker, a, { next: 'retry', at: new Date(Date.now() + 60_000) }, ATTEMPT);
    assert.deepEqual(await due(), [], 'b waits for a');
    await outbox.record(worker, { ...a, attempts: 7 }, { next: 'delivered' }, ATTEMPT);
    await wake();
    const [again] = await due();
    assert.equal(again?.id, a.id);
    assert.equal(again?.attempts, 2);
    await outbox.record(worker, a, { next: 'delivered' }, ATTEMPT);
    assert.deepEqual(await due(), [], 'the word of an earlier attempt does not count');
    await outbox.record(worker, again, { next: 'delivered' }, ATTEMPT);
    assert.deepEqual(
      (await due()).map(({ event }) => event?.event.type),
      ['b'],
    );
  });

  const wake = () =>
    store.owner.query(`update aos.deliveries set next_at = now() where state = 'pending'`);

  test('an address gets a few at a time; one that keeps failing is left alone and then probed by one', async () => {
    const hook = await webhook();
    await webhook();
    for (let n = 0; n < 8; n++) await addEvents(store, ['a']);
    await relayed();
    const taken = await due();
    assert.equal(taken.length, 8, 'four for each');
    const mine = taken.filter(({ webhookId }) => webhookId === hook.id);
    assert.equal((await due(100, new Map([[hook.id, 2]]))).length, 6);
    for (const one of mine) {
      await outbox.record(worker, one, { next: 'retry', at: new Date() }, ATTEMPT);
    }
    await wake();
    const [fifth] = (await due(1)).filter(({ webhookId }) => webhookId === hook.id);
    const failed = fifth ?? (await due()).find(({ webhookId }) => webhookId === hook.id);
    await outbox.record(
      worker,
      failed as outbox.Sending,
      { next: 'retry', at: new Date() },
      ATTEMPT,
    );
    const broken = await webhooks.get(store.owner, 'default', hook.id);
    assert.equal(broken.failures, 5);
    assert.ok((broken.pausedUntil?.getTime() ?? 0) > Date.now() + 10_000);
    await wake();
    const others = await due();
    assert.ok(others.length > 0 && others.every(({ webhookId }) => webhookId !== hook.id));
    await store.owner.query('update aos.webhooks set paused_until = now()');
    await wake();
    const probe = (await due()).filter(({ webhookId }) => webhookId === hook.id);
    assert.equal(probe.length, 1);
    await outbox.record(worker, probe[0] as outbox.Sending, { next: 'delivered' }, ATTEMPT);
    assert.equal((await webhooks.get(store.owner, 'default', hook.id)).failures, 0);
    await outbox.record(worker, probe[0] as outbox.Sending, { next: 'dead', gone: true }, ATTEMPT);
    assert.equal((await webhooks.get(store.owner, 'default', hook.id)).state, 'active');
  });

  test('an address that says 410 is disabled, until its owner says otherwise', async () => {
    const hook = await webhook();
    await addEvents(store, ['a']);
    await relayed();
    const [one] = await due();
    await outbox.record(worker, one as outbox.Sending, { next: 'dead', gone: true }, ATTEMPT);
    const disabled = await webhooks.get(store.owner, 'default', hook.id);
    assert.equal(disabled.state, 'disabled');
    assert.match(disabled.disabledReason ?? '', /410/);
    await addEvents(store, ['b']);
    assert.equal(await relayed(), 0);
    const change = { ...hook, state: 'active', url: 'https://example.org/new' } as const;
    const active = await store.api.actingFor(['default'], (tx) =>
      webhooks.update(tx, 'default', hook.id, change),
    );
    assert.deepEqual(
      [active.state, active.disabledReason, active.failures],
      ['active', undefined, 0],
    );
  });

  test('what is over can be sent again with its id, one or those of a time; what was dropped cannot', async () => {
    const hook = await webhook();
    const uuid = await addEvents(store, ['a', 'b']);
    await relayed();
    for (let n = 0; n < 2; n++) {
      const [one] = await due();
      await outbox.record(
        worker,
        one as outbox.Sending,
        { next: n ? 'delivered' : 'dead', gone: false },
        ATTEMPT,
      );
    }
    const acting = <T>(work: (tx: Database) => Promise<T>) =>
      store.api.actingFor(['default'], (tx) => work(tx as Database));
    const which = { state: 'dead', from: new Date(Date.now() - 60_000) } as const;
    const sent = await acting((tx) => deliveries.redeliverMany(tx, 'default', hook.id, which));
    assert.deepEqual(sent, { count: 1, more: false });
    const [dead] = await due();
    assert.equal(dead?.event?.event.type, 'a');
    const [b] = (await all(hook.id)).filter(({ type }) => type === 'b');
    const again = await acting((tx) => deliveries.redeliver(tx, 'default', hook.id, b?.id ?? ''));
    assert.deepEqual([again.state, again.redeliveries, again.id], ['pending', 1, b?.id]);
    await store.owner.query('delete from aos.events where run_id = $1', [uuid]);
    const gone = acting((tx) => deliveries.redeliver(tx, 'default', hook.id, b?.id ?? ''));
    await assert.rejects(gone, { code: 'event_dropped' });
    await wake();
    assert.deepEqual(await due(), []);
    await wake();
    assert.ok((await outbox.sweep(worker)) > 0);
    for (const one of await all(hook.id)) assert.equal(one.state, 'dead');
  });

  test('a ping needs no event; secrets overlap when they are exchanged; ten attempts are remembered', async () => {
    const hook = await webhook({ secret: Buffer.alloc(32, 1) });
    const acting = <T>(work: (tx: Database) => Promise<T>) =>
      store.api.actingFor(['default'], (tx) => work(tx as Database));
    const ping = await acting((tx) => deliveries.ping(tx, 'default', hook.id));
    await acting((tx) => webhooks.rotate(tx, 'default', hook.id, Buffer.alloc(32, 2), 60_000));
    for (let n = 1; n <= 12; n++) {
      await wake();
      await store.owner.query('update aos.webhooks set paused_until = null');
      const [one] = await due();
      assert.equal(one?.id, ping.id);
      assert.equal(one?.event, undefined);
      assert.deepEqual(
        one?.secrets.map((secret) => secret[0]),
        [2, 1],
      );
      const attempt = { ...ATTEMPT, status: 500 + n };
      await outbox.record(worker, one, { next: 'retry', at: new Date() }, attempt);
    }
    const [kept] = await all(hook.id);
    assert.deepEqual(
      kept?.history.map(({ status }) => status),
      [503, 504, 505, 506, 507, 508, 509, 510, 511, 512],
    );
    await acting((tx) => webhooks.rotate(tx, 'default', hook.id, Buffer.alloc(32, 3), 0));
    await outbox.sweep(worker);
    const left = await store.owner.query(
      'select 1 from aos.webhook_secrets where webhook_id = $1',
      [hook.id.slice(4)],
    );
    assert.equal(left.length, 1);
  });
});
