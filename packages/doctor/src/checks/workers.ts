import type { health } from '@aos/store';

import { fail, ok, warn, type Finding } from '../finding.ts';

/** Who works, at which version, and whether a run is left with nobody. */
export function checkWorkers(
  { liveWorkers, workerVersions, orphanLeases }: health.Health,
  version: string,
): Finding[] {
  return [workers(liveWorkers, workerVersions, version), leases(orphanLeases)];
}

function workers(live: number, versions: readonly string[], version: string): Finding {
  if (live === 0) return fail('workers', 'No worker lives.', 'Start one.');
  const detail = `${live} ${live === 1 ? 'worker lives' : 'workers live'}, of version ${versions.join(' and ')}.`;
  return versions.some((other) => other !== version)
    ? warn('workers', detail, `This program is of version ${version}: finish the roll-out.`)
    : ok('workers', detail);
}

function leases(orphans: number): Finding {
  return orphans === 0
    ? ok('leases', 'Every run under way belongs to a worker that lives.')
    : fail(
        'leases',
        `${orphans} runs under way belong to no worker that lives, for a minute at least.`,
        'Start a worker: it takes them over within seconds. If they stay, see `aos check`.',
      );
}
