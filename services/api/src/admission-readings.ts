import { backlog, createFairShare, pauses, type Database, type PlaceOf } from '@aos/store';
import type { Metrics } from '@aos/telemetry';

import type { AdmissionFacts } from './admission-rules.ts';
import { createDatabaseStrain, type DatabaseStrain } from './database-strain.ts';
import { createDrainRate, type DrainRate } from './drain-rate.ts';
import { createQueueAccounts, type QueueAccounts } from './queue-accounts.ts';
import { createReturning, type Returning } from './returning.ts';

/** What admission decides by: read once a second for all requests, and kept exact in between. */
export interface AdmissionReadings {
  readonly accounts: QueueAccounts;
  readonly strain: DatabaseStrain;
  readonly returning: Returning;
  readonly placeOf: PlaceOf;
  factsFor(tenant: string): AdmissionFacts;
  readonly stop: () => void;
}

const LOOK_EVERY_MS = 1_000;
/** Counting may take this part of the time at most; the more is queued, the less often it is counted. */
const COUNTING_SHARE = 0.02;

export function startAdmissionReadings(
  database: Database,
  countedMax: number,
  metrics: Metrics,
  onError: (error: unknown) => void,
): AdmissionReadings {
  const accounts = createQueueAccounts();
  const fairShare = createFairShare();
  const strain = createDatabaseStrain();
  const drain = createDrainRate();
  const returning = createReturning();
  const oldest = { waitedS: 0, at: 0 };
  let countAt = 0;

  const look = async (): Promise<void> => {
    const begun = performance.now();
    strain.asked(begun);
    const { head, finished } = await backlog.head(database);
    strain.answered(performance.now());
    drain.saw(finished, performance.now());
    fairShare.seeHead(head);
    if (begun < countAt) return;
    accounts.begin();
    oldest.at = performance.now();
    const depths = await backlog.depths(database, countedMax);
    countAt = oldest.at + (performance.now() - oldest.at) / COUNTING_SHARE;
    const held = (await pauses.inForce(database)).some(({ scope }) => scope === 'everything');
    // While everything is paused nothing is late.
    oldest.waitedS = held ? 0 : Math.max(0, ...depths.map(({ waitedS }) => waitedS));
    accounts.counted(depths);
    fairShare.seeDepths(accounts.depths());
  };
  const stop = everySecond(look, onError, () => {
    strain.tick(performance.now());
    returning.tick(((drain.perS() ?? 0) * LOOK_EVERY_MS) / 1000, accounts.standingOf);
    tell(metrics, accounts, strain, drain);
  });

  return {
    accounts,
    strain,
    returning,
    placeOf: fairShare.placeOf,
    factsFor: (tenant) => ({
      depth: accounts.total(),
      tenantDepth: accounts.of(tenant),
      ageS: oldest.waitedS > 0 ? oldest.waitedS + (performance.now() - oldest.at) / 1000 : 0,
      latencyMs: strain.latencyMs(),
      drainPerS: drain.perS(),
      share: accounts.standingOf(tenant).share,
      returning: returning.ofAll(),
      tenantReturning: returning.of(tenant),
    }),
    stop,
  };
}

/** Looks once a second unless the last look is still under way; ticks all the same. */
function everySecond(
  look: () => Promise<void>,
  onError: (error: unknown) => void,
  tick: () => void,
): () => void {
  let looking = false;
  const turn = (): void => {
    tick();
    if (looking) return;
    looking = true;
    void look()
      .catch(onError)
      .finally(() => (looking = false));
  };
  turn();
  const timer = setInterval(turn, LOOK_EVERY_MS).unref();
  return () => clearInterval(timer);
}

function tell(
  metrics: Metrics,
  accounts: QueueAccounts,
  strain: DatabaseStrain,
  drain: DrainRate,
): void {
  metrics.admissionQueueDepth.set({}, accounts.total());
  metrics.admissionDatabaseLatency.set({}, strain.latencyMs() / 1000);
  metrics.admissionDrainRate.set({}, drain.perS() ?? 0);
}
