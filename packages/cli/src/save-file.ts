import {
  lstatSync,
  mkdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative, resolve, sep, isAbsolute } from 'node:path';

import { usageError } from './command-error.ts';

/**
 * Writes a file under a name that the API gave, into the folder or below it and nowhere else: neither dots
 * nor symbolic links lead out.
 */
export function saveInFolder(
  folder: string,
  name: string,
  content: Uint8Array,
  force: boolean,
): string {
  return told(() => {
    const file = resolve(folder, name);
    const inside = realpathSync(nearest(dirname(file)));
    if (!isInside(folder, file) || !isInside(realpathSync(folder), inside)) throw escapes(name);
    mkdirSync(dirname(file), { recursive: true });
    if (lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink()) throw escapes(name);
    write(file, content, force);
    return file;
  }, name);
}

/** Writes to the place that the user named: a file, or a folder that gets the file under its own name. */
export function saveFile(
  folder: string,
  place: string,
  name: string,
  content: Uint8Array,
  force: boolean,
): string {
  return told(() => {
    const file = resolve(folder, place);
    const there = statSync(file, { throwIfNoEntry: false });
    if (there?.isDirectory()) return saveInFolder(file, name, content, force);
    // A pipe or a device such as /dev/stdout has nothing to lose.
    if (there && !there.isFile()) writeFileSync(file, content);
    else write(there ? realpathSync(file) : file, content, force);
    return file;
  }, place);
}

function write(file: string, content: Uint8Array, force: boolean): void {
  if (!force) return create(file, content);
  // The old content stays until the new one is there whole.
  const draft = join(dirname(file), `.${basename(file)}.${process.pid}`);
  create(draft, content);
  try {
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

function create(file: string, content: Uint8Array): void {
  try {
    writeFileSync(file, content, { flag: 'wx' });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') rmSync(file, { force: true });
    throw error;
  }
}

function told<T>(save: () => T, name: string): T {
  try {
    return save();
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    if (code === 'EEXIST') {
      throw usageError(
        `${name} exists already. Overwrite it with --force, or name another file with --output.`,
        error,
      );
    }
    throw usageError(`${name} cannot be written (${code}).`, error);
  }
}

/** The folder itself, or the closest one above it that exists. */
function nearest(folder: string): string {
  const up = dirname(folder);
  return up === folder || lstatSync(folder, { throwIfNoEntry: false }) ? folder : nearest(up);
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return !isAbsolute(way) && way !== '..' && !way.startsWith(`..${sep}`);
}

function escapes(name: string) {
  return usageError(`${name} would lead out of the folder. Name a file with --output.`);
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
