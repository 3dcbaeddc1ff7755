import { desiredWorkers } from '@aos/core';
import { gauges, parked, readAlertGauges, readLogGauges, tallies, type Db } from '@aos/store';
import type { DatabaseFacts } from '@aos/telemetry';

import { SCALE_LIMITS, type ScaleSignal } from './scale-signal.ts';

/** What the installation has done and is doing, in one reading. */
export async function readFacts(db: Db, scale: ScaleSignal): Promise<DatabaseFacts> {
  const [sums, now, out, log, alerts, { facts }] = await Promise.all([
    tallies.sum(db),
    gauges.read(db),
    parked.gauges(db),
    readLogGauges(db),
    readAlertGauges(db),
    scale(),
  ]);
  const failed = sums.runs.filter(({ outcome }) => outcome === 'failed');
  return {
    runs: sums.runs,
    skillAttempts: sums.skillAttempts,
    runsFailed: failed.reduce((total, { count }) => total + count, 0),
    runsQueued: now.runsQueued,
    runsReady: facts.ready,
    runsWaiting: now.runsWaiting,
    queueAgeSeconds: now.queueAgeSeconds,
    approvalsOpen: now.approvalsOpen,
    deadLetters: now.deadLetters,
    casesOpen: now.casesOpen,
    operationsRunning: now.operationsRunning,
    workersLive: now.workersLive,
    workerPoolSize: now.workerSlots,
    ...out,
    log,
    alerts,
    workersDesired: desiredWorkers(facts, SCALE_LIMITS).workers,
  };
}
