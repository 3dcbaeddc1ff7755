import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import type { Answer } from '@aos/runbooks';

export interface CommandOptions {
  /** It goes on when this program ends. */
  readonly background: boolean;
  /** Gets all that it says. */
  readonly logFile: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Commands of runbooks speak of the workspace: `npm run …`, `docker compose …`. */
const WORKSPACE = fileURLToPath(new URL('../../..', import.meta.url));
const TIMEOUT_MS = 600_000;
const TOLD_CHARS_MAX = 300;

/** Executes the words of a command, without a shell, and tells how it ended. */
export async function runCommand(
  [program = '', ...args]: readonly string[],
  { background, logFile, environment }: CommandOptions,
): Promise<Answer> {
  const log = openSync(logFile, 'a', 0o600);
  const from = statSync(logFile).size;
  try {
    const child = spawn(program, args, {
      cwd: WORKSPACE,
      env: environment,
      stdio: ['ignore', log, log],
      detached: background,
      ...(!background && { timeout: TIMEOUT_MS }),
    });
    return await new Promise((resolve) => {
      child.once('error', (error: NodeJS.ErrnoException) =>
        resolve({ result: 'failed', detail: `${program} cannot be started (${error.code})` }),
      );
      if (background) {
        child.once('spawn', () => {
          child.unref();
          resolve({
            result: 'done',
            detail: `started as process ${child.pid}, says to ${logFile}`,
          });
        });
        return;
      }
      child.once('exit', (code, signal) => {
        const said = readFileSync(logFile).subarray(from).toString('utf8').trim();
        const told = said.slice(-TOLD_CHARS_MAX);
        resolve(
          code === 0
            ? { result: 'done', ...(told && { detail: told }) }
            : { result: 'failed', detail: `ended with ${signal ?? code}: ${told}` },
        );
      });
    });
  } finally {
    closeSync(log);
  }
}
