import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Ears } from '@aos/engine';
import { createDatabase, migrate, openQueue, workers, type Database, type Queue } from '@aos/store';
import { testDatabase } from '@aos/testing';

import { openSession, type SessionOptions } from './session.ts';

const options: SessionOptions = {
  version: '0',
  port: 1,
  address: '127.0.0.1',
  slots: 3,
  skills: [],
  quarantine: false,
  onPausing: () => {},
  onPauses: () => {},
  gated: () => undefined,
  pauses: () => [],
  onTargets: () => {},
  onBatch: () => {},
  onStray: () => {},
  onOver: () => {},
};

const deaf: Ears = { onWork: () => {}, onCancel: () => {}, onCut: () => {} };

async function withDatabase(
  work: (database: Database, queue: Queue, owner: Database) => Promise<void>,
) {
  await using fresh = await testDatabase();
  await migrate(fresh.url, { allowUnsafe: true });
  const role = 'aos_worker';
  const database = createDatabase({ url: fresh.url, role, applicationName: 'test' });
  const owner = createDatabase({ url: fresh.url, applicationName: 'owner' });
  const queue = await openQueue(database, { maintain: false, onError: () => {} });
  try {
    await work(database, queue, owner);
  } finally {
    await queue.stop();
    await database.close();
    await owner.close();
  }
}

test('a live session is nobody’s suspect, and a second one sees it', async () => {
  await withDatabase(async (database, queue) => {
    const one = await openSession(database, queue, options, deaf);
    const two = await openSession(database, queue, options, deaf);
    assert.deepEqual(await workers.suspects(database, two.id), []);
    assert.deepEqual(await workers.suspects(database, one.id), []);
    one.cut();
    two.cut();
  });
});

test('a session whose connection is cut is lost at once, and suspected at once', async () => {
  await withDatabase(async (database, queue, owner) => {
    const cut = Promise.withResolvers<void>();
    const victim = await openSession(database, queue, options, { ...deaf, onCut: cut.resolve });
    const other = await openSession(database, queue, options, deaf);
    const [backend] = await owner.query<{ pid: number }>(
      `select pid from pg_locks where locktype = 'advisory' and granted
          and (classid::bigint << 32 | objid::bigint) = $1`,
      [workers.lockKeyOf(victim.id).toString()],
    );
    await owner.query('select pg_terminate_backend($1)', [backend?.pid]);
    await cut.promise;
    // The server lets go of the lock when it has got round to ending the backend; the lease would last longer.
    const until = performance.now() + 3_000;
    let suspects: readonly string[] = [];
    while (suspects.length === 0 && performance.now() < until) {
      suspects = await workers.suspects(database, other.id);
    }
    assert.deepEqual(suspects, [victim.id]);
    other.cut();
  });
});

test('a session that ends in order is stopped, not lost', async () => {
  await withDatabase(async (database, queue) => {
    const session = await openSession(database, queue, options, deaf);
    await session.stopping();
    await session.stopped();
    session.cut();
    const rows = await database.query<{ state: string }>('select state from aos.workers');
    assert.deepEqual(rows, [{ state: 'stopped' }]);
  });
});

test('a notice of work and one of a cancellation arrive', async () => {
  await withDatabase(async (database, queue) => {
    const work = Promise.withResolvers<void>();
    const cancel = Promise.withResolvers<void>();
    const session = await openSession(database, queue, options, {
      ...deaf,
      onWork: work.resolve,
      onCancel: cancel.resolve,
    });
    await database.query(`select pg_notify('aos_runs', 'queued')`);
    await work.promise;
    await database.query(`select pg_notify('aos_runs', 'cancel 1')`);
    await cancel.promise;
    session.cut();
  });
});

test('a renewal tells the time of the database, and whether others declared the worker dead', async () => {
  await withDatabase(async (database, queue, owner) => {
    const session = await openSession(database, queue, options, deaf);
    const { held, at } = await session.renew();
    assert.ok(held && at && Math.abs(at.getTime() - Date.now()) < 60_000);
    await owner.query(`update aos.workers set state = 'lost', ended_at = now()`);
    assert.equal((await session.renew()).held, false);
    session.cut();
  });
});

test('a session that cannot begin leaves no connection behind', async () => {
  await withDatabase(async (database, queue, owner) => {
    await assert.rejects(openSession(database, queue, { ...options, slots: 0 }, deaf), /slots/);
    const held = async () =>
      (await owner.query(`select 1 from pg_locks where locktype = 'advisory' and granted`)).length;
    for (const until = Date.now() + 10_000; (await held()) > 0 && Date.now() < until;) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.equal(await held(), 0);
  });
});
