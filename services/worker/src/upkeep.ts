import { targets, TRUE_UP_MAX, trueUp, type Database, type Queue } from '@aos/store';
import type { Telemetry } from '@aos/telemetry';

import { startDuties, type Duty } from './duties.ts';

/** Long enough for a process that was started to take what it was started for. */
const QUARANTINE_EVERY_MS = 2_000;
const TRUE_UP_EVERY_MS = 300_000;
const PRUNE_TARGETS_EVERY_MS = 600_000;

/**
 * Beside what every worker does for its fellows (`packages/engine/src/worker/duties.ts`): keeps dead
 * letters true, sees that suspects have a process of their own, and forgets targets nobody asks about.
 */
export function startUpkeep(
  database: Database,
  queue: Queue,
  { log }: Telemetry,
  staffQuarantine: () => void,
): { stop(): Promise<void> } {
  const duties: Duty[] = [
    {
      everyMs: TRUE_UP_EVERY_MS,
      async work() {
        for (let more = true; more;) {
          const { letters, jobs } = await trueUp(database, queue);
          more = letters + jobs >= TRUE_UP_MAX;
          if (letters + jobs > 0) log.warn('dead_letters.trued_up', { letters, jobs });
        }
      },
    },
    {
      everyMs: QUARANTINE_EVERY_MS,
      async work() {
        if (await queue.hasSuspects(database)) staffQuarantine();
      },
    },
    { everyMs: PRUNE_TARGETS_EVERY_MS, work: () => targets.prune(database) },
  ];
  return startDuties(duties, (error) => log.debug('upkeep.failed', { error: String(error) }));
}
