import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { AosError } from '@aos/core';
import { runner } from 'node-pg-migrate';
import type { Client } from 'pg';

import { createDatabase, sqlState, type Db } from './db.ts';
import { makeAhead } from './event-parts.ts';
import { buildLateIndexes } from './late-indexes.ts';
import { migrateQueue } from './queue.ts';

const DIRECTORY = fileURLToPath(new URL('../migrations', import.meta.url));
const TABLE = 'migrations';
/** Any number, as long as it is ours alone: "aos" in ASCII. */
const LOCK = 0x616f73;
const WAIT_TIMEOUT_MS = 600_000;
const ASK_AGAIN_MS = 200;
const DEADLOCK = '40P01';
const RING_ATTEMPTS_MAX = 10;

/**
 * Brings the database to this version's schema; does nothing when it is there already. Several may call
 * it at once: they wait for each other. Refuses a database of a newer schema, and one that could lose
 * what it acknowledged.
 */
export async function migrate(
  url: string,
  options: { readonly allowUnsafe?: boolean } = {},
): Promise<void> {
  const database = createDatabase({ url, applicationName: 'aos-migrate', connectionsMax: 2 });
  const lock = await database.connect();
  try {
    // One at a time, also for what pg-boss and the grants change. Waits as long as the other needs.
    await lock.query('set statement_timeout = 0; set lock_timeout = 0');
    await haveTurn(lock);
    if (!options.allowUnsafe) await refuseUnsafe(database);
    await refuseNewer(database);
    await outOfRings(() =>
      runner({
        databaseUrl: url,
        dir: DIRECTORY,
        direction: 'up',
        migrationsTable: TABLE,
        migrationsSchema: 'aos',
        createMigrationsSchema: true,
        schema: ['aos', 'public'],
        createSchema: true,
        noLock: true,
        // Locks of one file are gone before the next one asks for its own: who works meanwhile waits for
        // moments, and seldom in a ring.
        singleTransaction: false,
        logger: { debug() {}, info() {}, warn() {}, error() {} },
      }),
    );
    await buildLateIndexes(patiently(lock));
    await makeAhead(database);
    await migrateQueue(database);
  } finally {
    await lock.end();
    await database.close();
  }
}

/**
 * Those who work meanwhile lock some tables in one order and some in the other, so a file may meet them in a
 * ring. PostgreSQL undoes the file to break it; what came before it stands, and it begins anew.
 */
async function outOfRings(run: () => Promise<unknown>): Promise<void> {
  for (let left = RING_ATTEMPTS_MAX; ; left--) {
    try {
      await run();
      return;
    } catch (error) {
      if (sqlState(error) !== DEADLOCK || left <= 1) throw error;
    }
  }
}

/** Asks again and again: an index that is built concurrently would wait for a session that waits for it. */
async function haveTurn(client: Client): Promise<void> {
  const end = performance.now() + WAIT_TIMEOUT_MS;
  for (;;) {
    const { rows } = await client.query<{ mine: boolean }>(
      'select pg_try_advisory_lock($1) as mine',
      [LOCK],
    );
    if (rows[0]?.mine) return;
    if (performance.now() > end) {
      throw new AosError('not_ready', 'Another program has been migrating for too long.');
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }
}

/** Statements that may take as long as they need. */
function patiently(client: Client): Db {
  return {
    async query<R>(text: string) {
      const limits = { text, query_timeout: WAIT_TIMEOUT_MS };
      return (await client.query(limits)).rows as R[];
    },
  };
}

/** Fails with a sentence unless the schema is exactly this version's. For services at start. */
export async function assertMigrated(db: Db): Promise<void> {
  const applied = new Set(await appliedMigrations(db));
  const missing = known().filter((name) => !applied.has(name));
  if (missing.length > 0) {
    throw new AosError('not_ready', `The database lacks the migrations ${missing.join(', ')}.`);
  }
}

async function refuseNewer(db: Db): Promise<void> {
  const unknown = (await appliedMigrations(db)).filter((name) => !known().includes(name));
  if (unknown.length > 0) {
    throw new AosError(
      'not_ready',
      `The database has a newer schema (${unknown.join(', ')}) than this version of AOS knows. Start the newer version, or restore a backup.`,
    );
  }
}

/** A commit that was acknowledged must survive a crash; without these settings it does not. */
async function refuseUnsafe(db: Db): Promise<void> {
  const rows = await db.query<{ name: string; setting: string }>(
    `select name, setting from pg_settings
      where name in ('fsync', 'full_page_writes', 'synchronous_commit') and setting in ('off', 'local')`,
  );
  const [unsafe] = rows;
  if (unsafe) {
    throw new AosError(
      'not_ready',
      `PostgreSQL runs with ${unsafe.name} = ${unsafe.setting}, so it may lose accepted runs. Set it to on.`,
    );
  }
}

async function appliedMigrations(db: Db): Promise<string[]> {
  try {
    const rows = await db.query<{ name: string }>(`select name from aos.${TABLE}`);
    return rows.map(({ name }) => name);
  } catch (error) {
    const state = sqlState(error);
    if (state === '42P01' || state === '3F000') return [];
    throw error;
  }
}

function known(): string[] {
  return readdirSync(DIRECTORY)
    .filter((file) => file.endsWith('.sql'))
    .map((file) => file.slice(0, -'.sql'.length))
    .toSorted();
}
