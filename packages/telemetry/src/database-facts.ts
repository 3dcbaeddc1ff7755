import { outcomes, planners, type Outcome, type PlannerName } from '@aos/core';
import { Registry } from 'prom-client';

import { createHandle, type AnyHandle } from './handle.ts';
import { metricTable } from './metric-table.ts';

/** What the installation as a whole has done and is doing, from one read of the database. */
export interface DatabaseFacts {
  readonly runs: readonly {
    readonly outcome: Outcome;
    readonly planner: PlannerName;
    readonly count: number;
  }[];
  readonly skillAttempts: readonly { readonly skill: string; readonly count: number }[];
  readonly runsFailed: number;
  readonly runsQueued: number;
  readonly runsReady: number;
  readonly runsWaiting: number;
  readonly queueAgeSeconds: number;
  readonly approvalsOpen: number;
  readonly deadLetters: { readonly open: number; readonly redriving: number };
  readonly casesOpen: number;
  readonly operationsRunning: number;
  readonly workersLive: number;
  readonly workerPoolSize: number;
  readonly targetsOpen: number;
  readonly stepsParked: number;
  readonly parkedAgeSeconds: number;
  readonly workersDesired: number;
  readonly log: LogFacts;
  readonly alerts: AlertFacts;
}

/** Of what alerts look at. */
export interface AlertFacts {
  readonly approvalAgeSeconds: number;
  readonly runsOrphaned: number;
  readonly runIdleSeconds: number;
  readonly workersLost: number;
  readonly scrapeTargets: Readonly<Record<'api' | 'worker', number>>;
  /** Undefined when nobody may look: the series is absent. */
  readonly walBytes: number | undefined;
  readonly walMaxBytes: number;
  readonly databaseBytes: number;
}

/** Of the log of events and those who read it. */
export interface LogFacts {
  readonly horizonAgeSeconds: number;
  readonly lag: Readonly<Record<'consumers' | 'webhooks', { seconds: number; events: number }>>;
  readonly deliveries: Readonly<Record<'pending' | 'dead', number>>;
  readonly partsHeld: number;
  readonly partsAhead: number;
}

/** The facts as exposition text. A new registry each time: nothing of an earlier scrape can remain. */
export async function factsExposition(facts: DatabaseFacts): Promise<string> {
  const registry = new Registry();
  const handle = (key: keyof typeof metricTable): AnyHandle =>
    createHandle(metricTable[key], registry);

  const runs = handle('runs');
  // Every known series from the start: `increase` sees the first failure only when there was a zero before.
  for (const status of outcomes) {
    for (const planner of planners) runs.inc({ status, planner }, 0);
  }
  for (const { outcome, planner, count } of facts.runs)
    runs.inc({ status: outcome, planner }, count);
  const attempts = handle('skillAttempts');
  for (const { skill, count } of facts.skillAttempts) attempts.inc({ skill }, count);
  handle('runsFailed').inc({}, facts.runsFailed);
  handle('runsQueued').set({}, facts.runsQueued);
  handle('runsWaiting').set({}, facts.runsWaiting);
  handle('queueAge').set({}, facts.queueAgeSeconds);
  handle('approvalsOpen').set({}, facts.approvalsOpen);
  const letters = handle('deadLetters');
  for (const state of ['open', 'redriving'] as const) {
    letters.set({ state }, facts.deadLetters[state]);
  }
  handle('casesOpen').set({}, facts.casesOpen);
  handle('operationsRunning').set({}, facts.operationsRunning);
  handle('workersLive').set({}, facts.workersLive);
  handle('workerPoolSize').set({}, facts.workerPoolSize);
  handle('runsReady').set({}, facts.runsReady);
  tellLog(handle, facts.log);
  tellAlerts(handle, facts.alerts);
  handle('targetsOpen').set({}, facts.targetsOpen);
  handle('stepsParked').set({}, facts.stepsParked);
  handle('parkedAge').set({}, facts.parkedAgeSeconds);
  handle('workersDesired').set({}, facts.workersDesired);
  return registry.metrics();
}

function tellAlerts(handle: (key: keyof typeof metricTable) => AnyHandle, facts: AlertFacts): void {
  handle('approvalAge').set({}, facts.approvalAgeSeconds);
  handle('runsOrphaned').set({}, facts.runsOrphaned);
  handle('runIdle').set({}, facts.runIdleSeconds);
  handle('workersLost').set({}, facts.workersLost);
  const targets = handle('scrapeTargets');
  for (const service of ['api', 'worker'] as const) {
    targets.set({ service }, facts.scrapeTargets[service]);
  }
  if (facts.walBytes !== undefined) handle('walSize').set({}, facts.walBytes);
  handle('walMax').set({}, facts.walMaxBytes);
  handle('databaseSize').set({}, facts.databaseBytes);
}

function tellLog(handle: (key: keyof typeof metricTable) => AnyHandle, log: LogFacts): void {
  const [lag, lagEvents] = [handle('eventLag'), handle('eventLagEvents')];
  for (const reader of ['consumers', 'webhooks'] as const) {
    lag.set({ reader }, log.lag[reader].seconds);
    lagEvents.set({ reader }, log.lag[reader].events);
  }
  const deliveries = handle('webhookDeliveries');
  for (const state of ['pending', 'dead'] as const)
    deliveries.set({ state }, log.deliveries[state]);
  handle('eventHorizonAge').set({}, log.horizonAgeSeconds);
  handle('eventPartsHeld').set({}, log.partsHeld);
  handle('eventPartsAhead').set({}, log.partsAhead);
}
