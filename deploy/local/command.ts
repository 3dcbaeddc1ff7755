import { spawn } from 'node:child_process';
import { constants } from 'node:os';

export interface CommandOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends the command and all it started: SIGTERM, and SIGKILL when that does not help. */
  readonly signal: AbortSignal;
}

const GRACE_MS = 10_000;

/** Runs a program with its output passed through; returns its exit code, as a shell would tell it. */
export function runCommand(
  program: string,
  args: readonly string[],
  { cwd, env, signal }: CommandOptions,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args], {
      cwd,
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: true, // a group of its own, so that all of it can be ended
    });
    const kill = (how: NodeJS.Signals): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, how);
      } catch {
        // Nobody is left.
      }
    };
    let timer: NodeJS.Timeout | undefined;
    const stop = (): void => {
      kill('SIGTERM');
      timer = setTimeout(() => kill('SIGKILL'), GRACE_MS);
    };
    signal.addEventListener('abort', stop, { once: true });
    child.on('error', reject);
    child.on('exit', (code, killedBy) => {
      signal.removeEventListener('abort', stop);
      clearTimeout(timer);
      kill('SIGKILL'); // what it left behind
      resolve(killedBy ? 128 + constants.signals[killedBy] : (code ?? 1));
    });
  });
}
