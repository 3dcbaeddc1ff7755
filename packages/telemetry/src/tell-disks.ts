import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';

import type { ProcessHandles } from './handle.ts';

/** What a process may write to; `home` is added by whoever knows it. */
const DISKS: Readonly<Record<string, string>> = { work: process.cwd(), tmp: tmpdir() };

/**
 * Reads how full the disks are; the function it returns is called before each scrape, and tells what was
 * read by then: a disk that hangs, as one of a network may, must not hang a scrape.
 */
export function watchDisks(
  handles: Pick<ProcessHandles, 'diskFree' | 'diskSize'>,
  more: Readonly<Record<string, string>> = {},
): () => void {
  const reading = new Set<string>();
  const read = (): void => {
    for (const [disk, path] of Object.entries({ ...DISKS, ...more })) {
      if (reading.has(disk)) continue;
      reading.add(disk);
      void statfs(path)
        .then(({ bavail, blocks, bsize }) => {
          handles.diskFree.set({ disk }, bavail * bsize);
          handles.diskSize.set({ disk }, blocks * bsize);
        })
        .catch(() => {}) // The folder is not there, or not ours: there is nothing to tell.
        .finally(() => reading.delete(disk));
    }
  };
  read();
  return read;
}
