import { targets, trueUp, workers, type Database, type Queue } from '@aos/store';
import type { Telemetry } from '@aos/telemetry';

import { startDuties, type Duty } from './duties.ts';

const LOOK_EVERY_MS = 250;
/** Long enough for a process that was started to take what it was started for. */
const QUARANTINE_EVERY_MS = 2_000;
const BACKSTOP_EVERY_MS = 10_000;
const TRUE_UP_EVERY_MS = 300_000;
const PRUNE_EVERY_MS = 3_600_000;
const PRUNE_TARGETS_EVERY_MS = 600_000;

/**
 * Looks after the others: finds dead workers and gives their runs back, sends what was forgotten, throws
 * old rows away. Every worker does it; whoever is first does the work, and doing it twice changes
 * nothing.
 */
export function startRescuer(
  database: Database,
  queue: Queue,
  self: string,
  { log, metrics }: Telemetry,
  staffQuarantine: () => void,
): { stop(): Promise<void> } {
  const duties: Duty[] = [
    {
      everyMs: LOOK_EVERY_MS,
      async work() {
        const suspects = await workers.suspects(database, self);
        if (suspects.length === 0) return;
        const runs = await workers.rescue(database, queue, suspects);
        metrics.rescuedRuns.inc({}, runs.length);
        log.warn('workers.rescued', { workers: suspects, runs: runs.length });
      },
    },
    {
      everyMs: BACKSTOP_EVERY_MS,
      async work() {
        const sent = await workers.dispatchForgotten(database, queue);
        if (sent > 0) log.warn('runs.forgotten', { runs: sent });
      },
    },
    {
      everyMs: TRUE_UP_EVERY_MS,
      async work() {
        const { letters, jobs } = await trueUp(database, queue);
        if (letters + jobs > 0) log.warn('dead_letters.trued_up', { letters, jobs });
      },
    },
    {
      everyMs: QUARANTINE_EVERY_MS,
      async work() {
        if (await queue.hasSuspects(database)) staffQuarantine();
      },
    },
    { everyMs: PRUNE_EVERY_MS, work: () => workers.prune(database) },
    { everyMs: PRUNE_TARGETS_EVERY_MS, work: () => targets.prune(database) },
  ];
  return startDuties(duties, (error) => log.debug('rescuer.failed', { error: String(error) }));
}
