import type { Config } from '@aos/config';
import { eventParts, outbox, retention, type Database } from '@aos/store';
import type { Telemetry } from '@aos/telemetry';

import { startDuties, type Duty } from './duties.ts';

const PARTS_EVERY_MS = 3_600_000;
const RETENTION_EVERY_MS = 3_600_000;
const SWEEP_EVERY_MS = 30_000;

/**
 * Keeps the database in bounds: makes the parts of the log that come next, drops what is older than it is
 * kept, and gives up deliveries that expired. Every worker does it; the database lets one do it at a time.
 */
export function startKeeper(
  database: Database,
  { runDays, logDays, holdDays }: Config['retention'],
  { log }: Telemetry,
): { stop(): Promise<void> } {
  const duties: Duty[] = [
    {
      everyMs: PARTS_EVERY_MS,
      async work() {
        const made = await eventParts.makeAhead(database);
        if (made > 0) log.info('events.parts_made', { parts: made });
      },
    },
    {
      everyMs: RETENTION_EVERY_MS,
      async work(stop) {
        const keep = { runDays, logDays, holdDays };
        const runs = runDays > 0 ? await retention.removeRuns(database, keep, stop) : 0;
        if (runs > 0) log.info('retention.runs_removed', { runs });
        if (logDays === 0) return;
        const { dropped, held } = await retention.dropParts(database, keep);
        if (dropped.length > 0) log.info('retention.parts_dropped', { parts: dropped });
        if (held.length > 0) log.info('retention.parts_held', { held });
      },
    },
    {
      everyMs: SWEEP_EVERY_MS,
      async work() {
        const dead = await outbox.sweep(database);
        if (dead > 0) log.warn('webhooks.given_up', { deliveries: dead });
      },
    },
  ];
  return startDuties(duties, (error) => log.warn('keeper.failed', { error: String(error) }));
}
