import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
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

const READY_TIMEOUT_MS = 20_000;

/** Starts a service's `main.ts` the way the launcher does, and resolves once it says that it is ready. */
export async function startService(
  name: 'api' | 'worker',
  env: Readonly<Record<string, string>>,
  options: {
    readonly waitReady?: boolean;
    /** It writes there by itself, so that hearing it costs nobody anything. */
    readonly logFile?: string;
    /** Flags of Node. */
    readonly execArgv?: readonly string[];
  } = {},
): Promise<ServiceProcess> {
  const main = fileURLToPath(new URL(`../services/${name}/src/main.ts`, import.meta.url));
  const { logFile, execArgv = [] } = options;
  const out = logFile === undefined ? 'pipe' : openSync(logFile, 'w');
  const child = spawn(process.execPath, [...execArgv, main], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', out, out, 'ipc'],
  });
  if (typeof out === 'number') closeSync(out);
  let log = '';
  const told = () => (logFile === undefined ? log : readFileSync(logFile, 'utf8'));
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => (log += text));
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
