import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { AosError } from '@aos/core';

import { takeLock, type LockAttempt } from './lock.mjs';

/** The folder of one local installation. Nobody but its owner can look into it. */
export interface Home {
  readonly dir: string;
  /** The path of something inside. */
  readonly path: (...names: string[]) => string;
  /** Undefined when there is no such file. */
  readonly read: (name: string) => string | undefined;
  /** Whole or not at all, and for the owner alone. */
  readonly write: (name: string, content: string) => void;
  readonly release: () => void;
}

/** Makes the folder if need be, and takes it for this process. */
export function openHome(folder: string): Home {
  const dir = resolve(folder);
  const path = (...names: string[]) => join(dir, ...names);
  let lock: LockAttempt;
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    chmodSync(dir, 0o700);
    lock = takeLock(path('lock'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new AosError(
      'not_ready',
      `The folder ${dir} cannot be written (${code}). Choose another one: AOS_HOME=~/.aos npm start.`,
      { cause: error },
    );
  }
  if (!lock.taken) {
    throw new AosError(
      'not_ready',
      `AOS runs already in ${dir} (process ${lock.pid}). Stop it first, or give the second one a folder and a port of its own: AOS_HOME=./.aos-2 PORT=8081 npm start.`,
    );
  }
  return {
    dir,
    path,
    read(name) {
      try {
        return readFileSync(path(name), 'utf8').trim();
      } catch {
        return undefined;
      }
    },
    write(name, content) {
      const draft = path(`${name}.new`);
      rmSync(draft, { force: true });
      writeFileSync(draft, `${content}\n`, { mode: 0o600 });
      renameSync(draft, path(name));
    },
    release: () => lock.release(),
  };
}
