// Runs a program of the workspace: installs what is missing, then hands over to the workspace's own Node.
// Plain JavaScript for the Node that the machine has.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { constants } from 'node:os';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { takeLock } from './lock.mjs';

const NODE_MAJOR_MIN = 20;
const PARENT_CHECK_MS = 500;

const windows = process.platform === 'win32';
const root = fileURLToPath(new URL('../..', import.meta.url));
const modules = join(root, 'node_modules');
const node = join(modules, 'node', 'bin', windows ? 'node.exe' : 'node');
const stampFile = join(modules, '.aos-installed');
const readRoot = (file) => readFileSync(join(root, file), 'utf8');
const { packageManager } = JSON.parse(readRoot('package.json'));

if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR_MIN) {
  fail(`AOS needs Node ${NODE_MAJOR_MIN} or newer to start; this is ${process.version}.`);
}
if (!isInstalled()) await install();
handOver();

function isInstalled() {
  return existsSync(node) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp();
}

function stamp() {
  return createHash('sha256')
    .update(readRoot('pnpm-lock.yaml'))
    .update(readRoot('pnpm-workspace.yaml'))
    .update(`${packageManager} ${process.platform} ${process.arch}`)
    .digest('hex');
}

async function install() {
  let lock;
  try {
    lock = await waitForLock(join(root, '.install.lock'));
  } catch (error) {
    fail(`AOS cannot install its dependencies: ${root} is not writable (${error.code}).`);
  }
  try {
    if (isInstalled()) return; // another process did it meanwhile
    say('Installing dependencies (only the first time, about a minute)…');
    const problem = await runInstaller();
    if (problem) {
      lock.release();
      fail(`AOS could not install its dependencies: ${problem}`);
    }
    writeFileSync(`${stampFile}.new`, stamp());
    renameSync(`${stampFile}.new`, stampFile);
  } finally {
    lock.release();
  }
}

async function waitForLock(file) {
  for (let told = false; ; told = true) {
    const lock = takeLock(file);
    if (lock.taken) return lock;
    if (!told) say(`Waiting for the installation by process ${lock.pid}…`);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

/** Undefined when it worked; the end of a sentence when it did not. */
async function runInstaller() {
  rmSync(stampFile, { force: true });
  let result = await pnpm({});
  if (result.status !== 0 && /EACCES|EPERM|EROFS|UNEXPECTED_STORE/.test(result.output)) {
    // The user's own cache or store cannot be written: use one inside the workspace.
    say('Trying again with a package store of its own…');
    rmSync(modules, { recursive: true, force: true });
    const cache = join(modules, '.cache');
    result = await pnpm({
      npm_config_cache: join(cache, 'npm'),
      XDG_CACHE_HOME: join(cache, 'xdg'),
      XDG_DATA_HOME: join(cache, 'xdg'),
      XDG_STATE_HOME: join(cache, 'xdg'),
      pnpm_config_store_dir: join(cache, 'store'),
    });
  }
  if (result.status === 0) {
    return existsSync(node)
      ? undefined
      : 'the package node brought no program; are install scripts off?';
  }
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ECONNRESET/.test(result.output)) {
    return 'the package registry cannot be reached. Check the network and try again.';
  }
  return `${packageManager} ended with ${result.status}; the lines above say why.`;
}

function pnpm(environment) {
  const args = ['--yes', packageManager, 'install', '--frozen-lockfile', '--reporter=append-only'];
  const installer = spawn('npx', args, {
    cwd: root,
    // CI: pnpm asks no questions. The waits of npm are short, so that no network is told in seconds.
    env: {
      npm_config_fetch_retry_mintimeout: '1000',
      npm_config_fetch_retry_maxtimeout: '5000',
      ...process.env,
      CI: 'true',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: windows,
  });
  let output = '';
  for (const stream of [installer.stdout, installer.stderr]) {
    stream.on('data', (text) => {
      output += text;
      process.stderr.write(text);
    });
  }
  return new Promise((resolve) => {
    installer.on('error', (error) => resolve({ status: error.code, output: error.message }));
    installer.on('close', (code, signal) => resolve({ status: code ?? signal, output }));
  });
}

function handOver() {
  const [program, ...rest] = process.argv.slice(2);
  const child = spawn(node, [program, ...rest], {
    cwd: root,
    stdio: 'inherit',
    env: { NODE_COMPILE_CACHE: join(modules, '.cache', 'node'), ...process.env },
  });
  child.on('error', (error) => fail(`AOS could not run ${program}: ${error.message}`));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
  // npm does not pass on every signal, and none when it is killed: notice that it is gone.
  const parent = process.ppid;
  if (!process.env.npm_lifecycle_event) return;
  setInterval(() => {
    if (process.ppid !== parent) child.kill('SIGTERM');
  }, PARENT_CHECK_MS).unref();
}

function say(sentence) {
  process.stderr.write(`${sentence}\n`);
}

function fail(sentence) {
  say(sentence);
  process.exit(1);
}
