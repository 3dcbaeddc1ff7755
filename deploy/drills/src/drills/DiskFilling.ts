import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Drill } from '../drill.ts';

const MEGABYTES = 64;
const BALLAST_BYTES = 60 * 1024 * 1024;
/** The disks of stacks. */
const disks: string[] = [];

export const diskFilling: Drill = {
  alert: 'DiskFilling',
  severity: 'critical',
  labels: { reason: 'low', disk: 'tmp' },
  fault: `Of the ${MEGABYTES} MB of the disk for temporary files less than a tenth is free.`,
  /** Needs Linux and root: a file system of its own is filled, never that of the machine. */
  prepare(ends) {
    const path = mkdtempSync(join(tmpdir(), 'aos-drill-disk-'));
    ends.defer(() => rmSync(path, { recursive: true, force: true }));
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${MEGABYTES}m,mode=0700`, 'drill', path]);
    ends.defer(() => void spawnSync('umount', ['-l', path]));
    disks.push(path);
    return { TMPDIR: path };
  },
  breakIt: async () => writeFileSync(ballast(), Buffer.alloc(BALLAST_BYTES)),
  mend: {
    what: 'By hand, as the page says: what need not be there is removed.',
    perform: async () => rmSync(ballast()),
  },
};

function ballast(): string {
  return join(disks.at(-1) ?? '', 'ballast');
}
