import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';

import { AosError } from '@aos/core';

import { openLog, tailOf } from './log-files.ts';
import { createRestartPolicy } from './restart-policy.ts';

export interface ServiceOptions {
  readonly name: string;
  /** The program, a TypeScript file. */
  readonly program: string;
  /** All of its environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly startTimeoutMs?: number;
  /** Wait before the first restart. */
  readonly backoffMs?: number;
  /** It died too often; it will not be started again. */
  readonly onGivenUp: (reason: AosError) => void;
  /** Told each time it is started again. */
  readonly onRestart?: (name: string) => void;
}

/** A process that is started again when it dies. */
export interface Service {
  readonly name: string;
  /** The port it told when it was ready last. */
  readonly port: number;
  /** SIGTERM, and SIGKILL when the grace is over. Resolves when it and all it started is gone. */
  stop(graceMs: number): Promise<void>;
  killNow(): void;
}

const START_TIMEOUT_MS = 60_000;
const BACKOFF_MS = 250;

/** Starts it and waits until it says over IPC `{type: 'ready', port}`. Fails when it ends before that. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const policy = createRestartPolicy(options.backoffMs ?? BACKOFF_MS);
  const log = openLog(options.logFile);
  let port = 0;
  let stopping = false;
  let restart: NodeJS.Timeout | undefined;

  const launch = (): ChildProcess => {
    const next = spawnService(options, log);
    next.on('message', (message: unknown) => {
      port = portOf(message) ?? port;
    });
    next.on('exit', () => {
      killGroup(next.pid); // what it left behind
      if (!stopping && port !== 0) launchAgain();
    });
    return next;
  };
  const launchAgain = (): void => {
    const waitMs = policy.nextWaitMs();
    if (waitMs === undefined) {
      options.onGivenUp(new AosError('not_ready', diedSentence(options, 'keeps ending')));
      return;
    }
    restart = setTimeout(() => {
      options.onRestart?.(options.name);
      child = launch();
    }, waitMs);
  };
  const cease = (): void => {
    stopping = true;
    clearTimeout(restart);
  };

  let child = launch();
  try {
    await ready(child, options);
  } catch (error) {
    cease();
    await ended(child, 0);
    closeSync(log);
    throw error;
  }
  return {
    name: options.name,
    get port() {
      return port;
    },
    async stop(graceMs) {
      cease();
      await ended(child, graceMs);
      closeSync(log);
    },
    killNow() {
      cease();
      killGroup(child.pid);
    },
  };
}

function spawnService({ program, env }: ServiceOptions, log: number): ChildProcess {
  const child = spawn(process.execPath, [program], {
    env: { ...env },
    detached: true, // a group of its own: Ctrl-C reaches the launcher alone
    stdio: ['ignore', log, log, 'ipc'],
  });
  child.on('error', () => {}); // an exit follows, or the start times out
  return child;
}

function ready(child: ChildProcess, options: ServiceOptions): Promise<void> {
  const { startTimeoutMs = START_TIMEOUT_MS } = options;
  return new Promise((resolve, reject) => {
    const refuse = (how: string): void => {
      clearTimeout(timer);
      reject(new AosError('not_ready', diedSentence(options, how)));
    };
    const timer = setTimeout(() => refuse(`was not ready in ${startTimeoutMs} ms`), startTimeoutMs);
    child.once('error', (error) => refuse(`could not be started: ${error.message}`));
    child.once('exit', () => refuse('ended at its start'));
    child.on('message', (message) => {
      if (portOf(message) === undefined) return;
      clearTimeout(timer);
      resolve();
    });
  });
}

function diedSentence({ name, logFile }: ServiceOptions, how: string): string {
  const tail = tailOf(logFile);
  return `The ${name} ${how}. Its log is ${logFile}${tail && `, which ends:\n${tail}`}`;
}

function portOf(message: unknown): number | undefined {
  const { type, port } = (message ?? {}) as { type?: unknown; port?: unknown };
  return type === 'ready' && typeof port === 'number' ? port : undefined;
}

function ended(child: ChildProcess, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) {
      resolve();
      return;
    }
    const timer = setTimeout(() => killGroup(child.pid), graceMs);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill('SIGTERM');
  });
}

/** The process and whatever it started; its number is the number of its group. */
function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left.
  }
}
