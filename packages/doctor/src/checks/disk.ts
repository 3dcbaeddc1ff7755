import { statfsSync } from 'node:fs';

import { fail, ok, skip, warn, type Finding } from '../finding.ts';

const LOW_SHARE = 0.1;
const FULL_SHARE = 0.03;
const GIB = 2 ** 30;

/** The space where this machine's services keep the embedded database, artifacts and logs. */
export function checkDisk(home: string): Finding[] {
  try {
    const { blocks, bavail, bsize } = statfsSync(home);
    return [diskFinding(home, bavail * bsize, blocks * bsize)];
  } catch {
    return [skip('disk', `There is no ${home} on this machine.`)];
  }
}

export function diskFinding(folder: string, freeBytes: number, allBytes: number): Finding {
  const share = allBytes === 0 ? 0 : freeBytes / allBytes;
  const detail = `${(freeBytes / GIB).toFixed(1)} GiB are free for ${folder}, ${Math.floor(share * 100)} %.`;
  const advice = 'Make room, or move AOS_HOME: a full disk stops PostgreSQL.';
  if (share < FULL_SHARE) return fail('disk', detail, advice);
  return share < LOW_SHARE ? warn('disk', detail, advice) : ok('disk', detail);
}
