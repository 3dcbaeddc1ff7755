import { gauges, readLogGauges, tallies, type Db } from '@aos/store';
import type { DatabaseFacts } from '@aos/telemetry';

/** What the installation has done and is doing, in one reading. */
export async function readFacts(db: Db): Promise<DatabaseFacts> {
  const [sums, now, log] = await Promise.all([tallies.sum(db), gauges.read(db), readLogGauges(db)]);
  const failed = sums.runs.filter(({ outcome }) => outcome === 'failed');
  return {
    runs: sums.runs,
    skillAttempts: sums.skillAttempts,
    runsFailed: failed.reduce((total, { count }) => total + count, 0),
    runsQueued: now.runsQueued,
    runsWaiting: now.runsWaiting,
    queueAgeSeconds: now.queueAgeSeconds,
    approvalsOpen: now.approvalsOpen,
    workersLive: now.workersLive,
    workerPoolSize: now.workerSlots,
    log,
  };
}
