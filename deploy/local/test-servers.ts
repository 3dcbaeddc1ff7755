import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { startOf } from './lock.mjs';
import { endPostgres, startPostgres } from './postgres.ts';

export interface TestServers {
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

const PREFIX = 'aos-test-';

/** Throw-away PostgreSQL servers: the newest version supported, and the oldest. */
export async function openTestServers(parent: string): Promise<TestServers> {
  await sweep(parent);
  const dir = join(parent, `${PREFIX}${process.pid}-${startOf(process.pid).replaceAll(/\W/g, '')}`);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const [newest, oldest] = await Promise.all([
    startPostgres({ dir: join(dir, '18'), version: '18' }),
    startPostgres({ dir: join(dir, '15'), version: '15' }),
  ]);
  return {
    environment: {
      AOS_TEST_DATABASE_URL: newest.url,
      AOS_TEST_DATABASE_URL_15: oldest.url,
    },
    async stop() {
      await Promise.all([newest.stop(), oldest.stop()]);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Ends and removes what test programs left that were killed. */
async function sweep(parent: string): Promise<void> {
  for (const name of readdirSync(parent)) {
    const [, pid, start] = /^aos-test-(\d+)-(\w*)$/.exec(name) ?? [];
    if (pid === undefined || startOf(Number(pid)).replaceAll(/\W/g, '') === start) continue;
    try {
      for (const version of ['15', '18']) await endPostgres(join(parent, name, version));
      rmSync(join(parent, name), { recursive: true, force: true });
    } catch {
      // It belongs to another user.
    }
  }
}
