import assert from 'node:assert/strict';
import { randomUUIDv7 } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { eventId } from '@aos/core';

import { fetchNext, shareOut, type Fetched } from './consumer-fetch.ts';
import * as consumers from './consumers.ts';
import { logEnd, placeKey } from './log.ts';
import { settled } from './log.fixture.ts';
import { startTestStore, type TestStore } from './store.fixture.ts';

const RUNS = 60;
const EVENTS = 5;

describe('groups of consumers', () => {
  let store: TestStore;
  before(async () => {
    store = await startTestStore();
  });
  after(() => store[Symbol.asyncDispose]());

  const acting = <T>(work: (tx: Parameters<typeof fetchNext>[0]) => Promise<T>) =>
    store.api.actingFor(['default'], work);
  const create = (name: string, more: Partial<consumers.NewConsumer> = {}) =>
    acting((tx) =>
      consumers.create(tx, {
        tenant: 'default',
        name,
        types: [],
        parts: 1,
        leaseMs: 60_000,
        from: 'end',
        by: 'me',
        ...more,
      }),
    );
  const fetch = (name: string, member: string, limit = 20) =>
    acting((tx) => fetchNext(tx, { tenant: 'default', name, member, limit }));
  const ack = (name: string, member: string, { part, epoch, events }: Fetched, at = -1) => {
    const place = events.at(at)?.place;
    assert.ok(place);
    return acting((tx) =>
      consumers.ack(tx, { tenant: 'default', name, member, part, epoch, place }),
    );
  };
  const expire = (member: string) =>
    store.owner.query(
      `update aos.consumer_parts
          set lease_until = case when member = $1 then now() - interval '1 s' else lease_until end,
              wanted_by = nullif(wanted_by, $1)
        where $1 in (member, wanted_by)`,
      [member],
    );
  const write = async (runs = RUNS, events = EVENTS) => {
    for (let seq = 0; seq < events; seq++) await add(store, uuidsOf(runs), seq);
    await settled(store);
  };
  const uuids: string[] = [];
  const uuidsOf = (runs: number) => {
    while (uuids.length < runs) uuids.push(randomUUIDv7());
    return uuids.slice(0, runs);
  };

  test('three members of which two crash: every event at least once, in order per run, none held by two', async () => {
    await create('three', { parts: 6 });
    await write();
    const got = new Map<string, string[]>();
    const effects = new Map<string, number>();
    const crashed = new Set<string>();
    const members = ['a', 'b', 'c'];
    for (let turn = 0; members.length > 0; turn++) {
      const member = members[turn % members.length] as string;
      const fetched = await fetch('three', member, 7);
      if (!fetched || fetched.events.length === 0) {
        if ((await consumers.lag(store.owner, 'default', await group('three'))).events === 0) break;
        continue;
      }
      for (const event of fetched.events) {
        const id = eventId(event);
        effects.set(id, (effects.get(id) ?? 0) + 1);
        got.set(event.runId, [...(got.get(event.runId) ?? []), id]);
      }
      // It dies between the work and the word of it.
      if (turn > 5 && crashed.size < 2 && turn % 5 === 1) {
        members.splice(members.indexOf(member), 1);
        crashed.add(member);
        await expire(member);
        continue;
      }
      await ack('three', member, fetched);
    }
    assert.equal(crashed.size, 2);
    assert.equal(effects.size, RUNS * EVENTS, 'each at least once');
    const again = [...effects.values()].filter((n) => n > 1).length;
    assert.ok(again > 0 && again <= 14, `${again} came twice, told apart by their id`);
    for (const [run, ids] of got) {
      const first = ids.filter((id, at) => ids.indexOf(id) === at);
      assert.deepEqual(
        first,
        Array.from({ length: EVENTS }, (_, seq) => `${run}:${seq}`),
      );
    }
  });

  const group = (name: string) => consumers.get(store.owner, 'default', name);

  test('what was not acknowledged comes again; replay from an offset gives the original', async () => {
    const [start] = [await logEnd(store.owner)];
    await create('again');
    uuids.length = 0;
    await write(4, 3);
    const one = (await fetch('again', 'a')) as Fetched;
    const two = (await fetch('again', 'a')) as Fetched;
    assert.equal(one.events.length, 12);
    assert.deepEqual(two.events, one.events);
    await ack('again', 'a', two, 5);
    const rest = (await fetch('again', 'a')) as Fetched;
    assert.deepEqual(rest.events, one.events.slice(6));
    // An offset does not move back, and telling it twice is no fault.
    await ack('again', 'a', one, 2);
    assert.deepEqual(((await fetch('again', 'a')) as Fetched).events, rest.events);

    const reset = { tenant: 'default', name: 'again', by: 'me', reason: 'a test' };
    const begun = await acting((tx) => consumers.reset(tx, { ...reset, from: start }));
    assert.equal(begun.reset?.reason, 'a test');
    await assert.rejects(ack('again', 'a', rest), { code: 'lease_lost' });
    const replay = (await fetch('again', 'a')) as Fetched;
    assert.deepEqual(replay.events, one.events);
    await acting((tx) => consumers.reset(tx, { ...reset, from: 'end' }));
    assert.deepEqual(((await fetch('again', 'a')) as Fetched).events, []);
  });

  test('a part belongs to one member until its lease is over, then the other takes over where it was', async () => {
    await create('two', { parts: 2 });
    uuids.length = 0;
    // Enough runs that both parts have some of them.
    await write(40, 1);
    const first = (await fetch('two', 'a', 2)) as Fetched;
    await ack('two', 'a', first, 0);
    assert.deepEqual(holders(await group('two')), ['a', 'a']);
    // What it has in hand stays with it, the other part goes over.
    const other = await fetch('two', 'b');
    assert.equal(other, undefined);
    await fetch('two', 'a');
    const theirs = (await fetch('two', 'b')) as Fetched;
    assert.notEqual(theirs.part, first.part);
    assert.deepEqual(new Set(holders(await group('two'))), new Set(['a', 'b']));
    await expire('a');
    await ack('two', 'b', theirs);
    const taken = (await fetch('two', 'b')) as Fetched;
    assert.equal(taken.part, first.part);
    assert.equal(
      placeKey((taken.events[0] as Fetched['events'][0]).place),
      placeKey((first.events[1] as Fetched['events'][0]).place),
    );
    await assert.rejects(ack('two', 'a', first), { code: 'lease_lost' });
  });

  test('an offset moves past what is of no interest, and never past what can still come', async () => {
    await create('choosy', { types: ['never'] });
    uuids.length = 0;
    await write(3, 1);
    const earlier = (await group('choosy')).parts[0]?.place.position ?? '0';
    assert.deepEqual(((await fetch('choosy', 'a')) as Fetched).events, []);
    const part = (await group('choosy')).parts[0];
    assert.ok(BigInt(part?.place.position ?? 0) > BigInt(earlier));
    const place = { position: '999999999999', runUuid: randomUUIDv7(), seq: 0 };
    const beyond = { tenant: 'default', name: 'choosy', member: 'a', part: 0, epoch: 1, place };
    await assert.rejects(
      acting((tx) => consumers.ack(tx, beyond)),
      { code: 'lease_lost' },
    );
    assert.deepEqual((await group('choosy')).parts[0]?.place, part?.place);
  });

  test('names are used once, and there is a most of them', async () => {
    await create('once');
    await assert.rejects(create('once'), { code: 'consumer_exists' });
    await acting((tx) => consumers.remove(tx, 'default', 'once'));
    await assert.rejects(group('once'), { code: 'consumer_not_found' });
    await assert.rejects(fetch('once', 'a'), { code: 'consumer_not_found' });
    const there = (await acting((tx) => consumers.list(tx, 'default'))).length;
    for (let n = there; n < consumers.CONSUMERS_MAX; n++) await create(`many-${n}`);
    await assert.rejects(create('too-many'), { code: 'quota_exceeded' });
  });
});

test('parts are shared out evenly, and what a member has in hand stays with it', () => {
  assert.deepEqual(shareOut(partsOf([null, null, null]), 'a').keep, [0, 1, 2]);
  assert.deepEqual(shareOut(partsOf(['b', null, null, null]), 'a').keep, [1, 2]);
  assert.deepEqual(shareOut(partsOf(['a', 'a', 'a', 'b']), 'a'), { keep: [1, 2], letGo: [0] });
  assert.deepEqual(shareOut(partsOf(['a', 'a', 'a', 'b'], [0, 1]), 'a'), {
    keep: [0, 1],
    letGo: [2],
  });
  assert.deepEqual(shareOut(partsOf(['b', 'b']), 'a'), { keep: [], letGo: [], want: 0 });
  assert.deepEqual(shareOut(partsOf(['b', 'b'], [], 'a'), 'b'), { keep: [1], letGo: [0] });
  assert.deepEqual(shareOut(partsOf(['b', 'c']), 'a'), { keep: [], letGo: [] });
});

function holders({ parts }: consumers.Consumer): (string | undefined)[] {
  return parts.map(({ member }) => member);
}

async function add(store: TestStore, uuids: readonly string[], seq: number): Promise<void> {
  await store.owner.query(
    `insert into aos.events (tenant_id, run_id, seq, epoch, type, data)
     select 'default', id, $2, 1, 'step.joined', '{}' from unnest($1::uuid[]) as id`,
    [uuids, seq],
  );
}

function partsOf(
  members: readonly (string | null)[],
  handed: readonly number[] = [],
  wanted: string | null = null,
) {
  return members.map((holder, part) => {
    const inHand = handed.includes(part) ? 'x' : null;
    return { part, holder, wanted, handed: inHand };
  });
}
