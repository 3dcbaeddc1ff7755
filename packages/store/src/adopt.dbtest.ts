import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ClaimLost } from '@aos/core';

import { adopt } from './adopt.ts';
import { fetchNext } from './consumer-fetch.ts';
import * as consumers from './consumers.ts';
import { addEvents, settled } from './log.fixture.ts';
import { incarnations, LOG_START, placeKey, readLog } from './log.ts';
import { startTestStore, type TestStore } from './store.fixture.ts';
import { completion, rowOf, servers, startTestWorker } from './worker.fixture.ts';
import * as workers from './workers.ts';

for (const variable of servers) {
  test(`after an adoption no worker of before writes anything, and every run goes on under a higher epoch (${variable})`, async () => {
    await using store = await startTestStore(variable);
    await using old = await startTestWorker(store);
    const held = await store.newRun();
    const claim = await old.claim(held);
    const queued = await store.newRun();
    const later = new Date(Date.now() + 3_600_000);
    const asleep = await store.newRun({ startAt: later });

    assert.equal((await incarnations(old.database)).moved, false);
    // As it would be on another server.
    await store.owner.query(`update aos.incarnation set origin = 'elsewhere'`);
    assert.equal((await incarnations(store.api)).moved, true);
    await assert.rejects(adopt(store.url, ' '), /needs a reason/);
    const told = await adopt(store.url, 'restored from last night');
    assert.deepEqual(told, { incarnation: 2, dispatched: 3, interrupted: 1 });
    const { reason, moved } = await incarnations(store.api);
    assert.deepEqual([reason, moved], ['restored from last night', false]);

    await assert.rejects(old.journal.commit(claim, completion('say')), ClaimLost);
    assert.equal((await workers.renew(old.database, old.uuid)).held, false);
    assert.deepEqual(await old.take(), [], 'without a lease it gets nothing');
    for (const id of [held, queued]) {
      const row = await rowOf(store, id);
      assert.deepEqual(
        [row['status'], row['job_state'], row['job_later']],
        ['queued', 'created', false],
      );
    }
    assert.equal((await rowOf(store, asleep))['job_later'], true);

    await using fresh = await startTestWorker(store);
    const again = await fresh.claim(held);
    assert.ok(
      again.epoch > claim.epoch + 1_000,
      'above every epoch that the lost end may have seen',
    );
    await fresh.journal.commit(again, completion('say'));
  });

  test(`positions go on above all that was lost, readers keep their order and are told (${variable})`, async () => {
    await using store = await startTestStore(variable);
    await consumer(store, 'kept');
    await consumer(store, 'ahead');
    await addEvents(store, ['a', 'b']);
    await settled(store);
    const kept = await fetch(store, 'kept');
    await ack(store, 'kept', kept, 0);
    // What this one read is lost: the log of the restored database ends before it.
    await addEvents(store, ['lost']);
    await settled(store);
    const ahead = await fetch(store, 'ahead');
    await ack(store, 'ahead', ahead, -1);
    await store.owner.query(`delete from aos.events where type = 'lost'`);
    const lost = ahead.events.at(-1)?.place.position ?? '0';

    await adopt(store.url, 'the end was lost');
    await adopt(store.url, 'and again');
    await addEvents(store, ['c']);
    await settled(store);
    const { events } = await store.api.actingFor(['default'], (tx) =>
      readLog(tx, { tenant: 'default', after: LOG_START, limit: 10 }),
    );
    assert.deepEqual(
      events.map(({ event }) => event.type as string),
      ['a', 'b', 'c'],
    );
    assert.ok(BigInt(events.at(-1)?.place.position ?? 0) > BigInt(lost) + (1n << 41n));
    const one = await fetch(store, 'kept');
    assert.deepEqual([one.restored, one.events.length], [false, 2]);
    const other = await fetch(store, 'ahead');
    assert.deepEqual([other.restored, other.events.length], [true, 1]);
    assert.equal(
      placeKey(other.events[0]?.place ?? LOG_START),
      placeKey(one.events[1]?.place ?? LOG_START),
    );
    // An acknowledgement of before is refused: its lease is void.
    await assert.rejects(ack(store, 'kept', kept, 1), { code: 'lease_lost' });
    await ack(store, 'ahead', other, 0);
    assert.equal((await fetch(store, 'ahead')).restored, false);
  });
}

const asked = (name: string) => ({ tenant: 'default', name, member: 'a' });

function consumer(store: TestStore, name: string) {
  const { member: _member, ...named } = asked(name);
  return consumers.create(store.owner, {
    ...named,
    types: [],
    parts: 1,
    leaseMs: 60_000,
    from: 'end',
    by: 'me',
  });
}

async function fetch(store: TestStore, name: string) {
  const fetched = await store.api.actingFor(['default'], (tx) =>
    fetchNext(tx, { ...asked(name), limit: 100 }),
  );
  assert.ok(fetched);
  return fetched;
}

function ack(
  store: TestStore,
  name: string,
  fetched: Awaited<ReturnType<typeof fetch>>,
  at: number,
) {
  const { part, epoch } = fetched;
  const place = fetched.events.at(at)?.place ?? LOG_START;
  return store.api.actingFor(['default'], (tx) =>
    consumers.ack(tx, { ...asked(name), part, epoch, place }),
  );
}
