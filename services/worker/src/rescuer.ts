import { eventParts, targets, workers, type Database, type Queue } from '@aos/store';
import type { Telemetry } from '@aos/telemetry';

import { clock } from './clock.ts';

const LOOK_EVERY_MS = 250;
const BACKSTOP_EVERY_MS = 10_000;
const PRUNE_EVERY_MS = 3_600_000;
const PARTS_EVERY_MS = 3_600_000;
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
    { everyMs: PRUNE_EVERY_MS, work: () => workers.prune(database) },
    {
      everyMs: PARTS_EVERY_MS,
      async work() {
        const made = await eventParts.makeAhead(database);
        if (made > 0) log.info('events.parts_made', { parts: made });
      },
    },
    { everyMs: PRUNE_TARGETS_EVERY_MS, work: () => targets.prune(database) },
  ];
  const stop = new AbortController();
  const loops = duties.map((duty) =>
    repeat(duty, stop.signal, (error) => log.debug('rescuer.failed', { error: String(error) })),
  );
  return {
    async stop() {
      stop.abort();
      await Promise.all(loops);
    },
  };
}

interface Duty {
  readonly everyMs: number;
  readonly work: () => Promise<void>;
}

async function repeat(
  { everyMs, work }: Duty,
  signal: AbortSignal,
  onError: (error: unknown) => void,
): Promise<void> {
  while (!signal.aborted) {
    // The database may be away; whatever is missed is seen at the next look.
    await work().catch(onError);
    await clock.sleep(everyMs, signal);
  }
}
