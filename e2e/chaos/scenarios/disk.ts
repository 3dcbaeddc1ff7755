import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { postmaster } from '@aos/local';

import { chaos } from '../chaos.ts';
import { until } from '../hold.ts';
import { assertSound, type Scenario } from '../scenario.ts';
import { openSmallDisk, smallDiskMissing } from '../small-disk.ts';
import type { World } from '../world.ts';

const FULL_MS = 6_000;

async function ask({ caller }: World): Promise<number | undefined> {
  return (await caller.once('GET', '/v1/runs?limit=1'))?.status;
}

export const f16: Scenario = {
  name: 'F16',
  what: 'the volume of the data is full for a while',
  passLine: 'reads go on, nothing crashes, nothing is lost, and work goes on once there is space',
  missing: smallDiskMissing,
  async run({ seed, say }) {
    using disk = openSmallDisk(320);
    using wal = openSmallDisk(700);
    const dir = join(disk.path, 'pg');
    mkdirSync(dir);
    const walDir = join(wal.path, 'wal');
    mkdirSync(walDir, { mode: 0o700 });
    const result = await chaos({
      seed,
      say,
      durationMs: 5_000,
      faults: [nothing],
      world: { server: { dir, walDir }, proxied: false },
      async meanwhile(world) {
        disk.fill();
        const fullUntil = Date.now() + FULL_MS;
        let read = 0;
        let asked = 0;
        while (Date.now() < fullUntil) {
          asked++;
          if ((await ask(world)) === 200) read++;
          await sleep(100);
        }
        say(`full: ${read} of ${asked} reads were answered`);
        assert.ok(postmaster(join(dir, 'data')), 'the server lives');
        disk.free();
        const at = Date.now();
        await firstAccepted(world);
        say(`the first run was accepted ${Date.now() - at} ms after there was space`);
      },
    });
    assertSound(result, { runs: 10, hits: 0 });
  },
};

export const f17: Scenario = {
  name: 'F17',
  what: 'the volume of the write-ahead log is full, since archiving is broken',
  passLine: 'nothing that was acknowledged is lost, once there is space',
  missing: smallDiskMissing,
  async run({ seed, say }) {
    using wal = openSmallDisk(96);
    const walDir = join(wal.path, 'wal');
    mkdirSync(walDir, { mode: 0o700 });
    const settings = { archive_mode: 'on', archive_command: 'false', max_wal_size: '64MB' };
    const result = await chaos({
      seed,
      say,
      durationMs: 5_000,
      faults: [nothing],
      world: { server: { walDir, settings }, proxied: false },
      async meanwhile(world) {
        const data = join(world.server.dir, 'data');
        wal.fill();
        await until(90_000, 'the server gives up', async () => {
          // Goes on to the next segment sooner than this little load would.
          await world.database.query('select pg_switch_wal()').catch(() => {});
          return postmaster(data) === undefined ? true : undefined;
        });
        assert.ok(existsSync(walDir));
        say('full: the server is down, as it must be');
        wal.free();
        wal.enlarge(400);
        const at = Date.now();
        await world.server.up();
        await firstAccepted(world);
        say(`the first run was accepted ${Date.now() - at} ms after there was space`);
      },
    });
    assertSound(result, { runs: 10, hits: 0 });
  },
};

const nothing = { name: 'nothing', strike: async () => ({ at: Date.now(), held: [] }) };

async function firstAccepted({ caller }: World): Promise<void> {
  const token = `first-${Date.now()}`;
  const plan = {
    version: 1,
    steps: [{ key: 'a', skill: 'json_transform', input: { data: 1, expression: '$' } }],
  };
  const answer = await caller.insist(
    'POST',
    '/v1/runs',
    { goal: 'First', plan, input: { token } },
    token,
  );
  assert.equal(answer?.status, 202);
}
