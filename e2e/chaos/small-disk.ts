import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system that can be filled to its last byte. */
export interface SmallDisk extends Disposable {
  readonly path: string;
  /** Fills it. */
  fill(): void;
  /** Takes away what `fill` put there. */
  free(): void;
  enlarge(megabytes: number): void;
}

/** Why there can be none here; undefined when there can. */
export function smallDiskMissing(): string | undefined {
  if (process.platform !== 'linux') return 'tmpfs is of Linux';
  if (process.getuid?.() !== 0) return 'mounting needs root';
  const probe = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt']);
  return probe.status === 0 ? undefined : 'mount is not allowed here';
}

export function openSmallDisk(megabytes: number): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), 'aos-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700`, 'aos-chaos', path]);
  const ballast = join(path, 'ballast');
  return {
    path,
    fill() {
      const file = openSync(ballast, 'w');
      const block = Buffer.alloc(64 * 1024);
      try {
        for (let size = block.length; size >= 512; size = Math.floor(size / 2)) {
          try {
            for (;;) writeSync(file, block, 0, size);
          } catch {
            // This size does not fit any more.
          }
        }
        fsyncSync(file);
      } catch {
        // It is full.
      } finally {
        closeSync(file);
      }
    },
    free: () => rmSync(ballast, { force: true }),
    enlarge: (size) => void execFileSync('mount', ['-o', `remount,size=${size}m`, path]),
    [Symbol.dispose]() {
      spawnSync('umount', ['-l', path]);
      rmSync(path, { recursive: true, force: true });
    },
  };
}
