import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { endPostgres, killPostgres, postmaster, startPostgres } from '@aos/local';
import { Client } from 'pg';

/** Where servers, logs and peers live: on the disk that the clone lies on. */
const WORK = join(import.meta.dirname, '.work');

/** As in production: what is acknowledged is on the disk. */
const SETTINGS = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  wal_sync_method: 'fdatasync',
  shared_buffers: '1GB',
  max_wal_size: '16GB',
  checkpoint_timeout: '30min',
  jit: 'off',
} as const;

/** A durable PostgreSQL of the bench's own. */
export interface Server extends AsyncDisposable {
  /** The folder for logs of this run. */
  readonly dir: string;
  readonly pid: number;
  /** An empty database, dropped when disposed. */
  database(): Promise<BenchDatabase>;
  /** At once, for a program that must go. */
  killNow(): void;
}

export interface BenchDatabase extends AsyncDisposable {
  readonly url: string;
  /** Writes out what is dirty and counts what there is, so that every contestant begins alike. */
  settle(): Promise<void>;
}

export async function startServer(more: Readonly<Record<string, string>> = {}): Promise<Server> {
  mkdirSync(WORK, { recursive: true, mode: 0o700 });
  await sweep();
  const dir = join(WORK, `run-${process.pid}`);
  const postgres = join(dir, 'postgres');
  const running = await startPostgres({
    dir: postgres,
    version: '18',
    settings: { ...SETTINGS, ...more },
  });
  return {
    dir,
    pid: postmaster(join(postgres, 'data'))?.pid ?? 0,
    database: () => createDatabase(running.url),
    killNow: () => killPostgres(postgres),
    async [Symbol.asyncDispose]() {
      await running.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Ends and removes the servers of benches that were killed. */
async function sweep(): Promise<void> {
  for (const name of readdirSync(WORK)) {
    const pid = Number(/^run-(\d+)$/.exec(name)?.[1] ?? 0);
    if (pid === 0 || isAlive(pid)) continue;
    await endPostgres(join(WORK, name, 'postgres'));
    rmSync(join(WORK, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function createDatabase(server: string): Promise<BenchDatabase> {
  const name = `bench_${randomBytes(6).toString('hex')}`;
  await query(server, `create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    async settle() {
      await query(url.href, 'vacuum (analyze)');
      await query(url.href, 'checkpoint');
    },
    async [Symbol.asyncDispose]() {
      await query(server, `drop database if exists ${name} with (force)`);
    },
  };
}

async function query(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
