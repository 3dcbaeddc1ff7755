import assert from 'node:assert/strict';
import { randomUUIDv7 } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import type { Database, Db } from './db.ts';
import { LOG_START, logEnd, placeAt, placeKey, readLog, type LogPlace } from './log.ts';
import { settled } from './log.fixture.ts';
import { startTestStore, type TestStore } from './store.fixture.ts';
import { servers } from './worker.fixture.ts';

const WRITERS = 10;
const TRANSACTIONS = 40;

for (const variable of servers) {
  describe(`the log of all runs (${variable})`, () => {
    let store: TestStore;
    before(async () => {
      store = await startTestStore(variable);
    });
    after(() => store[Symbol.asyncDispose]());

    test('under ten writers that also roll back, no committed event is missed; a cursor without the bound misses some', async () => {
      const writing = new AbortController();
      const read = readAll(store, writing.signal);
      const naive = readNaively(store.owner, writing.signal);
      const pool = store.database('aos_worker');
      const wide = store.database('aos_worker');
      const third = store.database('aos_worker');
      const written = await Promise.all(
        Array.from({ length: WRITERS }, (_, n) =>
          keepWriting([pool, wide, third][n % 3] as Database, n),
        ),
      );
      await settled(store);
      writing.abort();
      const all = written.flat();
      const seen = await read;
      assert.equal(seen.keys.length, new Set(seen.keys).size, 'nothing comes twice');
      assert.deepEqual(seen.keys.toSorted(), all.toSorted());
      assert.deepEqual(seen.places, seen.places.toSorted(byPlace), 'strictly in order');
      const missed = all.length - (await naive).size;
      assert.ok(missed > 0, 'the planted reader misses events, so this test could fail');

      await settled(store);
      const again = await readAll(store, writing.signal);
      assert.deepEqual(again.keys, seen.keys, 'a replay equals the original');
      for (const run of new Set(seen.keys.map((key) => key.split(':')[0]))) {
        const seqs = seen.keys.filter((key) => key.startsWith(`${run}:`));
        assert.deepEqual(seqs, seqs.toSorted(bySeq), 'in order within the run');
      }
    });

    test('a transaction that is open holds back what is behind it, and nothing of before', async () => {
      const uuid = randomUUIDv7();
      const start = await logEnd(store.api);
      await write(store.owner, uuid, [0]);
      await store.owner.transaction(async (tx) => {
        await write(tx, uuid, [1]);
        await write(store.database('aos_worker'), randomUUIDv7(), [0]);
        assert.equal((await reading(store, start, 1)).events.length, 1);
        const [held] = await store.api.query<{ age: number }>(
          'select horizon_age_seconds as age from aos.log_gauges()',
        );
        assert.ok((held?.age ?? 0) > 0);
      });
      await settled(store);
      assert.equal((await page(store, start)).events.length, 3);
    });

    test('types and shares of runs are read for themselves, and no tenant reads of another', async () => {
      const start = await logEnd(store.api);
      const uuids = Array.from({ length: 40 }, () => randomUUIDv7());
      for (const uuid of uuids) await write(store.owner, uuid, [0, 1]);
      await write(store.owner, randomUUIDv7(), [0], 'other');
      await settled(store);
      const all = await page(store, start);
      assert.equal(all.events.length, 80);
      assert.ok(all.caughtUp);
      const shares = await Promise.all(
        [0, 1, 2].map((part) => page(store, start, { share: { part, of: 3 } })),
      );
      assert.equal(shares.flatMap(({ events }) => events).length, 80);
      for (const { events } of shares) assert.ok(events.length > 0);
      assert.equal((await page(store, start, { types: ['odd'] })).events.length, 40);
      const first = await page(store, start, { limit: 7 });
      assert.equal(first.events.length, 7);
      assert.ok(!first.caughtUp);
      const rest = await page(store, first.place);
      assert.deepEqual(
        [...first.events, ...rest.events].map(({ place }) => placeKey(place)),
        all.events.map(({ place }) => placeKey(place)),
      );
    });

    test('the place of a moment is before everything of that moment, and not long before', async () => {
      await using other = await startTestStore(variable);
      const old = randomUUIDv7();
      await write(other.owner, old, [0], 'default', '10 minutes');
      await write(other.owner, randomUUIDv7(), [0], 'default', '5 minutes');
      const fresh = randomUUIDv7();
      await write(other.owner, fresh, [0]);
      await settled(other);
      const place = await placeAt(other.api, new Date(Date.now() - 1_000));
      const { events } = await page(other, place);
      const runs = events.map(({ place: { runUuid } }) => runUuid);
      assert.ok(runs.includes(fresh));
      assert.ok(!runs.includes(old));
    });
  });
}

async function reading(store: TestStore, start: LogPlace, count: number) {
  for (;;) {
    const found = await page(store, start);
    if (found.events.length >= count) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function page(store: TestStore, place: LogPlace, more: object = {}) {
  return store.api.actingFor(['default'], (tx) =>
    readLog(tx, { tenant: 'default', after: place, limit: 1000, ...more }),
  );
}

async function readAll(store: TestStore, over: AbortSignal) {
  const keys: string[] = [];
  const places: string[] = [];
  let place = LOG_START;
  for (;;) {
    const last = over.aborted;
    const { events, place: next, caughtUp } = await page(store, place, { limit: 50 });
    for (const event of events) {
      keys.push(`${event.place.runUuid}:${event.seq}`);
      places.push(placeKey(event.place));
    }
    place = next;
    if (last && caughtUp) return { keys, places };
  }
}

async function readNaively(db: Db, over: AbortSignal): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  let last = '0';
  for (;;) {
    const stop = over.aborted;
    const rows = await db.query<{ key: string; position: string }>(
      `select run_id || ':' || seq as key, position from aos.events where position > $1 order by position`,
      [last],
    );
    for (const { key, position } of rows) {
      seen.add(key);
      last = position;
    }
    if (stop) return seen;
  }
}

/** Transactions of two statements with a pause between; one in five is rolled back. */
async function keepWriting(db: Database, writer: number): Promise<string[]> {
  const committed: string[] = [];
  let uuid = randomUUIDv7();
  let seq = 0;
  for (let n = 0; n < TRANSACTIONS; n++) {
    const fail = (n + writer) % 5 === 0;
    try {
      await db.transaction(async (tx) => {
        await write(tx, uuid, [seq]);
        await tx.query('select pg_sleep($1)', [((n * 7 + writer * 3) % 10) / 1_000]);
        await write(tx, uuid, [seq + 1]);
        if (fail) throw new Error('rolled back');
      });
      committed.push(`${uuid}:${seq}`, `${uuid}:${seq + 1}`);
      seq += 2;
      if (n % 10 === 9) [uuid, seq] = [randomUUIDv7(), 0];
    } catch (error) {
      if (!fail) throw error;
    }
  }
  return committed;
}

async function write(
  db: Db,
  uuid: string,
  seqs: readonly number[],
  tenant = 'default',
  ago = '0 s',
): Promise<void> {
  await db.query(
    `insert into aos.events (tenant_id, run_id, seq, epoch, type, data, at)
     select $1, $2, seq, 1, case when seq % 2 = 1 then 'odd' else 'even' end, '{}', now() - $4::interval
       from unnest($3::int[]) as seq`,
    [tenant, uuid, seqs, ago],
  );
}

function bySeq(a: string, b: string): number {
  return Number(a.split(':')[1]) - Number(b.split(':')[1]);
}

function byPlace(a: string, b: string): number {
  const [pa = '', ra = '', sa] = a.split(':');
  const [pb = '', rb = '', sb] = b.split(':');
  return Number(pa) - Number(pb) || (ra < rb ? -1 : ra > rb ? 1 : Number(sa) - Number(sb));
}
