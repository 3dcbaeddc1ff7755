import assert from 'node:assert/strict';
import { randomUUIDv7 } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

import { testDatabase } from '@aos/testing';
import { runner } from 'node-pg-migrate';

import { createDatabase, type Database } from './db.ts';
import { migrate } from './migrate.ts';
import { startTestStore } from './store.fixture.ts';
import { servers } from './worker.fixture.ts';

const ROWS_BEFORE = 20_000;
const WRITERS = 4;

for (const variable of servers) {
  test(`a log with rows becomes parts while others write to it; nothing is lost and nobody fails (${variable})`, async () => {
    await using server = await testDatabase(variable);
    await migrateTo(server.url, 4);
    const owner = createDatabase({ url: server.url, applicationName: 'test' });
    const writers = createDatabase({
      url: server.url,
      applicationName: 'writer',
      role: 'aos_worker',
      connectionsMax: WRITERS,
    });
    try {
      await owner.query(
        `insert into aos.agents (tenant_id, name, version, definition) values ('default', 'general', 1, '{}')`,
      );
      await write(owner, ROWS_BEFORE);
      const stop = new AbortController();
      const loads = Array.from({ length: WRITERS }, () => keepWriting(writers, stop.signal));
      await migrate(server.url, { allowUnsafe: true }).finally(() => stop.abort());
      const told = (await Promise.all(loads)).flat();

      const rows = await owner.query<{ run_id: string; n: number }>(
        'select run_id, count(*)::int as n from aos.events group by 1',
      );
      const kept = new Map(rows.map(({ run_id, n }) => [run_id, n]));
      assert.ok(told.length > WRITERS, `${told.length} writes were under way`);
      for (const uuid of told) assert.equal(kept.get(uuid), 2, uuid);
      assert.equal(kept.size, told.length + ROWS_BEFORE);

      const [first] = await owner.query<{ valid: boolean; bound: string; extra: number }>(
        `select (select i.indisvalid from pg_index i
                  where i.indexrelid = 'aos.events_first_position_idx'::regclass) as valid,
                aos.accepted_at(upper_bound) > now() + interval '7 days' as bound,
                (select count(*)::int from pg_constraint where conrelid = 'aos.events_first'::regclass
                    and contype in ('f', 'c') and conname <> 'events_seq_check') as extra
           from aos.event_parts() where part = 'events_first'`,
      );
      assert.deepEqual(first, { valid: true, bound: true, extra: 0 });
      // What was before has no place; the newest has one.
      const [ends] = await owner.query<{ low: string; high: string }>(
        'select min(position) as low, max(position) as high from aos.events',
      );
      assert.equal(ends?.low, '0');
      await write(owner, 1);
      const [last] = await owner.query<{ position: string }>(
        'select position from aos.events order by position desc limit 1',
      );
      assert.ok(BigInt(last?.position ?? 0) > 0n);
    } finally {
      await writers.close();
      await owner.close();
    }
  });

  test(`parts are made ahead, also for rows that came before their part (${variable})`, async () => {
    await using store = await startTestStore(variable);
    const { owner } = store;
    const worker = store.database('aos_worker');
    const parts = () =>
      owner.query<{ part: string; low: string | null; high: string | null }>(
        `select part, lower_bound as low, upper_bound as high from aos.event_parts() order by upper_bound`,
      );
    const before = await parts();
    assert.equal(before.length, 5);
    assert.equal(before.at(-1)?.high, null);
    for (const [at, { high }] of before.slice(0, -2).entries()) {
      assert.equal(before[at + 1]?.low, high, 'no gap between parts');
    }
    const later = `aos.first_run_id(now() + interval '40 days')`;
    await owner.query(
      `insert into aos.events (tenant_id, run_id, seq, epoch, type, data)
       select 'default', ${later}, n, 0, 'x', '{}' from generate_series(0, 9) as n`,
    );
    const positions =
      'select (select relname from pg_class where oid = e.tableoid) as part, position from aos.events e';
    const ahead = await owner.query<{ part: string; position: string }>(positions);
    assert.deepEqual([...new Set(ahead.map(({ part }) => part))], ['events_rest']);

    const made = await worker.query<{ n: number }>('select aos.make_event_parts(6) as n');
    assert.deepEqual(made, [{ n: 3 }]);
    assert.deepEqual(await worker.query('select aos.make_event_parts(6) as n'), [{ n: 0 }]);
    const moved = await owner.query<{ part: string; position: string }>(positions);
    assert.ok(moved.every(({ part }) => part !== 'events_rest'));
    assert.deepEqual(
      moved.map(({ position }) => position),
      ahead.map(({ position }) => position),
    );
    await assert.rejects(worker.query('select aos.make_event_parts(53)'), /between 0 and 52/);
    await assert.rejects(
      worker.query(`insert into aos.events (tenant_id, run_id, seq, epoch, type, data, position)
                    values ('default', gen_random_uuid(), 0, 0, 'x', '{}', 1)`),
      /permission denied/,
    );
  });
}

function migrateTo(url: string, count: number): Promise<unknown> {
  return runner({
    databaseUrl: url,
    dir: fileURLToPath(new URL('../migrations', import.meta.url)),
    direction: 'up',
    count,
    migrationsTable: 'migrations',
    migrationsSchema: 'aos',
    createMigrationsSchema: true,
    schema: ['aos', 'public'],
    createSchema: true,
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  });
}

/** Runs with two events each, the way they were written before. */
async function write(db: Database, runs: number): Promise<string[]> {
  const uuids = Array.from({ length: runs }, () => randomUUIDv7());
  await db.query(
    `with runs as (
       insert into aos.runs (id, tenant_id, agent, agent_version, planner)
       select id, 'default', 'general', 1, 'static' from unnest($1::uuid[]) as id
       returning id)
     insert into aos.events (tenant_id, run_id, seq, epoch, type, data)
     select 'default', id, seq, 0, 'step.started', '{}' from runs, generate_series(0, 1) as seq`,
    [uuids],
  );
  return uuids;
}

async function keepWriting(db: Database, stop: AbortSignal): Promise<string[]> {
  const written: string[] = [];
  while (!stop.aborted) written.push(...(await write(db, 5)));
  return written;
}
