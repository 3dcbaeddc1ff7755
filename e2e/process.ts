import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A real process of a service, and what it said. */
export interface ServiceProcess extends AsyncDisposable {
  readonly pid: number;
  /** Where it listens; known once it is ready. */
  readonly port: number;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  kill(signal?: NodeJS.Signals): void;
  log(): string;
}

export interface ServiceOptions {
  readonly waitReady?: boolean;
  /** It writes there by itself, so that hearing it costs nobody anything. */
  readonly logFile?: string;
  /** Flags of Node, such as a module that is loaded first. */
  readonly execArgv?: readonly string[];
  /** A program that runs it, such as one that puts it into another network. It must exec. */
  readonly within?: readonly string[];
  /** Another checkout of AOS. */
  readonly root?: string;
}

const READY_TIMEOUT_MS = 20_000;
/** What is kept of what it said: the last part. */
const LOG_CHARACTERS_MAX = 4_000_000;

/** Starts a service's `main.ts` the way the launcher does, and resolves once it says that it is ready. */
export async function startService(
  name: 'api' | 'worker',
  env: Readonly<Record<string, string>>,
  options: ServiceOptions = {},
): Promise<ServiceProcess> {
  const { logFile, execArgv = [], within = [] } = options;
  const root = options.root ?? fileURLToPath(new URL('..', import.meta.url));
  const main = join(root, 'services', name, 'src', 'main.ts');
  const out = logFile === undefined ? 'pipe' : openSync(logFile, 'w');
  const [program, ...words] = [...within, process.execPath, ...execArgv, main] as [string];
  const child = spawn(program, words, {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', out, out, 'ipc'],
  });
  if (typeof out === 'number') closeSync(out);
  let log = '';
  const told = () => (logFile === undefined ? log : readFileSync(logFile, 'utf8'));
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      if (log.length > LOG_CHARACTERS_MAX) log = log.slice(-LOG_CHARACTERS_MAX / 2);
    });
  }
  const exited = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
  let port = 0;
  const ready = new Promise<void>((resolve, reject) => {
    child.on('message', (message: { type?: string; port?: number }) => {
      if (message.type !== 'ready') return;
      port = message.port ?? 0;
      resolve();
    });
    void exited.then(() => reject(new Error(`${name} ended before it was ready:\n${told()}`)));
    setTimeout(
      () => reject(new Error(`${name} is not ready:\n${told()}`)),
      READY_TIMEOUT_MS,
    ).unref();
  });
  ready.catch(() => {});
  if (options.waitReady !== false) await ready;
  return {
    pid: child.pid ?? 0,
    get port() {
      return port;
    },
    exited,
    kill: (signal = 'SIGKILL') => void child.kill(signal),
    log: told,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGCONT');
        child.kill('SIGKILL');
      }
      await exited;
    },
  };
}
