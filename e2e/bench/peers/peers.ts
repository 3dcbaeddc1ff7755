import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A product that does the same work in another way. */
export interface Peer {
  readonly name: string;
  /** Of its packages; the program is named like it. */
  readonly folder: string;
  readonly packages: Readonly<Record<string, string>>;
  /** Of a normal round: slow ones do less, so that all take about the same time. */
  readonly share: number;
  readonly note: string;
}

export const peers: readonly Peer[] = [
  {
    name: 'DBOS 5.3.0',
    folder: 'dbos',
    packages: { '@dbos-inc/dbos-sdk': '5.3.0' },
    share: 0.25,
    note: 'worker concurrency 400, pool 20, poll 50 ms (idle: 10 ms)',
  },
  {
    name: 'graphile-worker 0.18.0',
    folder: 'graphile-worker',
    packages: { 'graphile-worker': '0.18.0' },
    share: 0.5,
    note: 'a queue: no run, no history; 24 jobs at once, local queue 100 (idle: none)',
  },
  {
    name: 'Restate 1.7.12',
    folder: 'restate',
    packages: {
      '@restatedev/restate-server': '1.7.12',
      '@restatedev/restate-sdk': '1.17.2',
      '@restatedev/restate-sdk-clients': '1.17.2',
    },
    share: 0.5,
    note: 'its own log, no PostgreSQL; 4 partitions; cpu.worker holds its server',
  },
];

/** Beside the clone's own packages: a peer is no dependency of AOS. */
const CACHE = join(import.meta.dirname, '..', '.peers');
const INSTALL_LIMIT_MS = 240_000;

/** Where a peer lies; fetched when it is not there in these versions. Throws with the reason when it cannot be had. */
export async function fetchPeer(peer: Peer): Promise<string> {
  const folder = join(CACHE, peer.folder);
  const stamp = join(folder, 'installed.json');
  const wanted = JSON.stringify(peer.packages);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return folder;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  await install(folder, peer);
  writeFileSync(stamp, wanted);
  return folder;
}

function install(folder: string, { packages, name }: Peer): Promise<void> {
  const specs = Object.entries(packages).map(([pkg, version]) => `${pkg}@${version}`);
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error', ...specs];
  const child = spawn('npm', args, {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: INSTALL_LIMIT_MS,
  });
  let told = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (told += text));
  return new Promise((resolve, reject) => {
    const refuse = (why: string) => reject(new Error(`${name} cannot be had: ${why}`));
    child.on('error', ({ message }) => refuse(message));
    child.on('close', (code) =>
      code === 0 ? resolve() : refuse(told.trim().split('\n')[0] ?? `npm ended with ${code}`),
    );
  });
}
