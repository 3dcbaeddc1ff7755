import { fetchNext } from './consumer-fetch.ts';
import * as consumers from './consumers.ts';
import { makeOldParts, settled } from './log.fixture.ts';
import { LOG_START, placeKey, readLog } from './log.ts';
import * as retention from './retention.ts';
import { startTestStore, type TestStore } from './store.fixture.ts';

/**
 * A million events by command, on the server of AOS_TEST_DATABASE_URL: how fast they are written and read
 * to the end, whether three members of a group see each of them, whether a replay equals the original, and
 * how long writers wait while parts are dropped.
 */
const EVENTS = 1_000_000;
const PER_RUN = 10;
const PER_STATEMENT = 5_000;
const WEEKS = 8;

await using store = await startTestStore();
await makeOldParts(store, WEEKS);
const create = (name: string, parts: number) =>
  consumers.create(store.owner, {
    tenant: 'default',
    name,
    types: [],
    parts,
    leaseMs: 60_000,
    from: 'start',
    by: 'me',
  });
await create('three', 3);
await timed('write', () => write(store));
await settled(store);
const original = await timed('read', () => digest(store));
const replay = await timed('read again', () => digest(store));
tell('replay equals the original', original === replay);
tell('seen by three members', await timed('consume', () => consume(store)));
const drop = await timed('drop', () => dropUnderLoad(store));
tell('parts dropped', drop.dropped);
tell('slowest write meanwhile, ms', drop.slowestMs);

async function write({ owner }: TestStore): Promise<void> {
  for (let at = 0; at < EVENTS; at += PER_STATEMENT) {
    await owner.query(
      `insert into aos.events (tenant_id, run_id, seq, epoch, type, data)
       select 'default', (left(aos.first_run_id(now() - (n % 50) * interval '1 day')::text, 13)
                          || '-7000-8000-' || lpad(to_hex($1::bigint + n), 12, '0'))::uuid,
              seq, 1, 'step.completed', '{"step":"say","skill":"echo","attempt":1,"durationMs":1}'
         from generate_series(1, $2::int) as n, generate_series(0, $3::int - 1) as seq`,
      [at, PER_STATEMENT / PER_RUN, PER_RUN],
    );
  }
}

/** Everything in its order, folded into one text that a change of order would change. */
async function digest({ api }: TestStore): Promise<string> {
  let place = LOG_START;
  let fold = '';
  let count = 0;
  for (let caughtUp = false; !caughtUp;) {
    const page = await api.actingFor(['default'], (tx) =>
      readLog(tx, { tenant: 'default', after: place, limit: 5_000 }),
    );
    ({ place, caughtUp } = page);
    count += page.events.length;
    const keys = fold + page.events.map((event) => placeKey(event.place)).join();
    fold = Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(keys))).toString('hex');
  }
  tell('events read', count);
  return fold;
}

async function consume({ api }: TestStore): Promise<number> {
  const seen = await Promise.all(
    ['a', 'b', 'c'].map(async (member) => {
      let count = 0;
      for (let idle = 0; idle < 3;) {
        const asked = { tenant: 'default', name: 'three', member };
        const fetched = await api.actingFor(['default'], (tx) =>
          fetchNext(tx, { ...asked, limit: 5_000 }),
        );
        const place = fetched?.events.at(-1)?.place;
        idle = place ? 0 : idle + 1;
        if (!fetched || !place) continue;
        count += fetched.events.length;
        const { part, epoch } = fetched;
        await api.actingFor(['default'], (tx) =>
          consumers.ack(tx, { ...asked, part, epoch, place }),
        );
      }
      return count;
    }),
  );
  return seen.reduce((sum, count) => sum + count, 0);
}

async function dropUnderLoad({ owner }: TestStore) {
  await owner.query('update aos.log_state set relayed_below = aos.log_below()');
  const over = new AbortController();
  let slowestMs = 0;
  const writer = (async () => {
    while (!over.signal.aborted) {
      const began = performance.now();
      await owner.query(
        `insert into aos.events (tenant_id, run_id, seq, epoch, type, data)
         values ('default', gen_random_uuid(), 0, 0, 'step.joined', '{}')`,
      );
      slowestMs = Math.max(slowestMs, Math.round(performance.now() - began));
    }
  })();
  const { dropped } = await retention.dropParts(owner, { runDays: 1, logDays: 14, holdDays: 0 });
  over.abort();
  await writer;
  return { dropped: dropped.length, slowestMs };
}

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  const result = await work();
  tell(`${what}, events/s`, Math.round(EVENTS / ((performance.now() - began) / 1_000)));
  return result;
}

function tell(what: string, value: string | number | boolean): void {
  process.stdout.write(`${what}: ${value}\n`);
}
