import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createDatabase, migrate, workers, type Database } from '@aos/store';
import { testDatabase } from '@aos/testing';

import { openSession, type SessionOptions } from './session.ts';

const options: SessionOptions = {
  version: '0',
  port: 1,
  slots: 3,
  skills: [],
  quarantine: false,
  onWork: () => {},
  onCancel: () => {},
  onTargets: () => {},
};

async function withDatabase(work: (database: Database, owner: Database) => Promise<void>) {
  await using fresh = await testDatabase();
  await migrate(fresh.url, { allowUnsafe: true });
  const role = 'aos_worker';
  const database = createDatabase({ url: fresh.url, role, applicationName: 'test' });
  const owner = createDatabase({ url: fresh.url, applicationName: 'owner' });
  try {
    await work(database, owner);
  } finally {
    await database.close();
    await owner.close();
  }
}

function fired(signal: AbortSignal): Promise<void> {
  return signal.aborted
    ? Promise.resolve()
    : new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
}

test('a live session is nobody’s suspect, and a second one sees it', async () => {
  await withDatabase(async (database) => {
    const one = await openSession(database, options);
    const two = await openSession(database, options);
    assert.deepEqual(await workers.suspects(database, two.uuid), []);
    assert.deepEqual(await workers.suspects(database, one.uuid), []);
    await one.end();
    await two.end();
  });
});

test('a session whose connection is cut is lost at once, and suspected at once', async () => {
  await withDatabase(async (database, owner) => {
    const victim = await openSession(database, options);
    const other = await openSession(database, options);
    const [backend] = await owner.query<{ pid: number }>(
      `select pid from pg_locks where locktype = 'advisory' and granted
          and (classid::bigint << 32 | objid::bigint) = $1`,
      [workers.lockKeyOf(victim.uuid).toString()],
    );
    await owner.query('select pg_terminate_backend($1)', [backend?.pid]);
    await fired(victim.lost);
    assert.deepEqual(await workers.suspects(database, other.uuid), [victim.uuid]);
    await other.end();
  });
});

test('a session that ends in order is stopped, not lost', async () => {
  await withDatabase(async (database) => {
    const session = await openSession(database, options);
    await session.stopping();
    await session.end();
    const rows = await database.query<{ state: string }>('select state from aos.workers');
    assert.deepEqual(rows, [{ state: 'stopped' }]);
  });
});

test('a notice of work and a cancel arrive', async () => {
  await withDatabase(async (database) => {
    const work = Promise.withResolvers<void>();
    const session = await openSession(database, { ...options, onWork: work.resolve });
    await database.query(`select pg_notify('aos_runs', 'queued')`);
    await work.promise;
    await session.end();
  });
});

test('a session that others declared dead finds out at its next renewal', async () => {
  await withDatabase(async (database, owner) => {
    const session = await openSession(database, options);
    await owner.query(`update aos.workers set state = 'lost', ended_at = now()`);
    await fired(session.lost);
    await session.end();
  });
});

test('a session that cannot begin leaves no connection behind', async () => {
  await withDatabase(async (database, owner) => {
    await assert.rejects(openSession(database, { ...options, slots: 0 }), /slots/);
    const held = async () =>
      (await owner.query(`select 1 from pg_locks where locktype = 'advisory' and granted`)).length;
    for (const until = Date.now() + 10_000; (await held()) > 0 && Date.now() < until;) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.equal(await held(), 0);
  });
});
