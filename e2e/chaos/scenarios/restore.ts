import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { checkHistory, readEffects, type Violation } from '@aos/checker';
import { createDatabase } from '@aos/store';

import { until } from '../hold.ts';
import { payingPlan } from '../plans.ts';
import type { Scenario } from '../scenario.ts';
import { startServer } from '../server.ts';
import { buildWorld, type World } from '../world.ts';

const RUNS = 15;

export const f27: Scenario = {
  name: 'F27',
  what: 'the database is restored from a base copy and archived log, and the tail is lost',
  passLine: 'every effect of a run that is lost is found, and what is left is sound',
  async run({ random, say }) {
    const folder = mkdtempSync(join(tmpdir(), 'aos-restore-'));
    const archive = join(folder, 'archive');
    mkdirSync(archive, { mode: 0o777 });
    const settings = { archive_mode: 'on', archive_command: `cp %p ${archive}/%f` };
    try {
      const { lost, log, base, kept } = await loseTail(folder, archive, settings, random, say);
      cpSync(join(folder, 'password'), join(base, 'password'));
      writeFileSync(join(base, 'data', 'recovery.signal'), '');
      await using restored = await startServer({
        dir: base,
        settings: {
          restore_command: `cp ${archive}/%f %p`,
          recovery_target_timeline: 'current',
          archive_mode: 'off',
        },
      });
      const url = new URL(restored.url);
      url.pathname = kept.pathname;
      const database = createDatabase({
        url: url.href,
        applicationName: 'restore',
        connectionsMax: 2,
      });
      await until(60_000, 'the archived log is replayed', async () => {
        const [state] = await database.query<{ over: boolean }>(
          'select not pg_is_in_recovery() as over',
        );
        return state?.over ? true : undefined;
      });
      const [row] = await database.query<{ n: number }>(`select aos.adopt('A drill.') as n`);
      await database.close();
      say(`adopted as incarnation ${row?.n}`);
      const found: Violation[] = [];
      await checkHistory({ databaseUrl: url.href, effects: await readEffects(log) }, (one) =>
        found.push(one),
      );
      const missing = new Set(found.filter((one) => one.invariant === 'I6').map(({ run }) => run));
      say(`${lost.size} runs with effects are lost; ${missing.size} were found`);
      assert.ok(lost.size > 0, 'a tail was lost');
      for (const run of lost) assert.ok(missing.has(run), `${run} was found`);
      const other = found.filter(({ run }) => run === undefined || !missing.has(run));
      assert.deepEqual(other, []);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

interface Lost {
  /** Runs that did something outside and that the restored database does not know. */
  readonly lost: ReadonlySet<string>;
  readonly log: string;
  readonly base: string;
  readonly kept: URL;
}

/** Work, a base copy, work that is archived, work that is not; then the server is gone. */
async function loseTail(
  folder: string,
  archive: string,
  settings: Readonly<Record<string, string>>,
  random: Parameters<Scenario['run']>[0]['random'],
  say: (line: string) => void,
): Promise<Lost> {
  await using world = await buildWorld({
    random,
    workers: 2,
    apis: 1,
    proxied: false,
    server: { settings },
  });
  Object.assign(world.target, { trouble: 0 });
  const base = join(folder, 'base');
  mkdirSync(join(base, 'data'), { recursive: true, mode: 0o700 });
  await accept(world, 'before');
  await world.server.down('SIGINT');
  cpSync(join(world.server.dir, 'data'), join(base, 'data'), { recursive: true });
  cpSync(join(world.server.dir, 'password'), join(folder, 'password'));
  await world.server.up();
  const kept = await accept(world, 'archived');
  await world.database.query('select pg_switch_wal()');
  await archived(world);
  const tail = await accept(world, 'tail');
  const log = join(folder, 'effects.ndjson');
  const written = world.target.writeLog(log, new Map([...kept, ...tail]));
  say(`${written} effects; ${archive} has what was archived`);
  await world.fleet.halt('worker', 'SIGKILL');
  await world.server.down('SIGKILL');
  return { lost: new Set(tail.values()), log, base, kept: new URL(world.databaseUrl) };
}

async function archived({ database }: World): Promise<void> {
  const [before] = await database.query<{ file: string }>(
    'select pg_walfile_name(pg_current_wal_lsn()) as file',
  );
  for (const end = Date.now() + 60_000; ; await sleep(100)) {
    const [row] = await database.query<{ last: string | null }>(
      'select last_archived_wal as last from pg_stat_archiver',
    );
    if (row?.last && before && row.last < before.file && (await caughtUp(database))) return;
    if (Date.now() > end) throw new Error('Nothing is archived.');
  }
}

async function caughtUp(database: World['database']): Promise<boolean> {
  const rows = await database.query(
    `select from pg_ls_archive_statusdir() where name like '%.ready'`,
  );
  return rows.length === 0;
}

/** Accepts runs and waits until all of them have ended; gives the run of each token. */
async function accept({ caller, database }: World, name: string): Promise<Map<string, string>> {
  const runs = new Map<string, string>();
  for (let n = 0; n < RUNS; n++) {
    const token = `${name}-${n}`;
    const body = { goal: token, plan: payingPlan(), input: { token } };
    const answer = await caller.insist('POST', '/v1/runs', body, token);
    runs.set(token, String(answer?.body['id']));
  }
  for (const end = Date.now() + 90_000; ; await sleep(100)) {
    const open = await database
      .query(`select from aos.runs where status <> 'finished'`)
      .catch(() => [{}]);
    if (open.length === 0) return runs;
    if (Date.now() > end) throw new Error('Runs do not end.');
  }
}
