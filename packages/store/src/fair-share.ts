/**
 * Fair shares between tenants by start-time fair queueing, laid down in the priority of a job when it is
 * sent, so that taking jobs stays one index probe without a lock.
 *
 * Each tenant has a tag that moves on by 1/weight with each run; a tenant that was away begins at the
 * tag of the head of the queue, so that it gets no credit for the time and pays no debt. A run's own
 * priority moves it ahead by a bounded number of runs: it is a head start, not a bigger share.
 *
 * All of it is soft state: every process works it out again from what the database says, so replicas
 * agree within one reading, and a restart costs nothing. A tenant that sends to several replicas comes
 * ahead once, by at most what it sends between two or three readings.
 */
/** The priority of the job of a tenant's next new run, which has this priority of its own. */
export type PlaceOf = (tenant: string, priority: number) => number;

export interface FairShare {
  readonly placeOf: PlaceOf;
  /** Takes in what the head of the queue is now; undefined: nothing new is queued. */
  seeHead(head: QueueHead | undefined): void;
  /** Takes in what each tenant has queued, counted when the last head was read. */
  seeDepths(depths: readonly TenantDepth[]): void;
}

export interface QueueHead {
  /** The job's priority. */
  readonly place: number;
  /** The run's own. */
  readonly priority: number;
}

export interface TenantDepth {
  readonly tenant: string;
  /** Runs that could start now. */
  readonly ready: number;
  readonly weight: number;
}

/**
 * Runs of weight 1 that share one value of the priority, oldest first. Coarse, because the values are
 * used up: 4.2 thousand million of them last 2 years of 1,000 runs a second without the queue ever being
 * empty; when it is, they begin anew. At the end runs go first come, first served until the queue is empty.
 */
export const RUNS_PER_PLACE = 16;
/** What one point of a run's priority is worth: 256 runs of weight 1. */
export const PLACES_PER_POINT = 16;
const POINTS_MAX = 100;

/** Runs that were under way come before every new one, in the order of their own priority. */
export const RESUMED_PLACE = 2_147_483_000;
/** From here on a job is of a run that was under way. */
export const RESUMED_FROM = RESUMED_PLACE - POINTS_MAX;
/** Where a new run of priority 0 stands in an empty queue. */
const TOP = 2_147_000_000;
const BOTTOM = -2_147_000_000;
/** Tenants that have nothing queued are forgotten beyond this many. */
const TENANTS_MAX = 100_000;

interface Standing {
  tag: number;
  /** The most that its runs went ahead; it may be this much in debt. */
  lead: number;
}

/** For who serves one tenant alone: by priority, then first come, first served. */
export function plainPlaceOf(_tenant: string, priority: number): number {
  return TOP + leadOf(priority);
}

function leadOf(priority: number): number {
  return PLACES_PER_POINT * Math.max(-POINTS_MAX, Math.min(POINTS_MAX, priority));
}

export function createFairShare(): FairShare {
  let now = 0;
  let fresh = true;
  const standings = new Map<string, Standing>();
  const weights = new Map<string, number>();
  const stepOf = (tenant: string) => 1 / (RUNS_PER_PLACE * (weights.get(tenant) ?? 1));

  return {
    placeOf(tenant, priority) {
      const lead = leadOf(priority);
      const standing = standings.get(tenant) ?? { tag: now, lead: 0 };
      const start = Math.max(now, standing.tag);
      standings.set(tenant, {
        tag: start + stepOf(tenant),
        lead: Math.max(standing.lead, lead),
      });
      if (standings.size > TENANTS_MAX) forgetIdle(standings, now);
      return Math.max(BOTTOM, TOP - Math.floor(start) + lead);
    },
    seeHead(head) {
      if (!head) {
        now = 0;
        fresh = true;
        standings.clear();
        return;
      }
      // Where its head start puts it, and where it would stand without: the truth is in between.
      const tag = TOP - head.place;
      const plain = tag + PLACES_PER_POINT * head.priority;
      const least = Math.max(0, Math.min(tag, plain));
      const most = Math.max(0, tag, plain);
      now = fresh ? least : Math.max(least, Math.min(most, now));
      fresh = false;
    },
    seeDepths(depths) {
      weights.clear();
      for (const { tenant, weight } of depths) if (weight !== 1) weights.set(tenant, weight);
      const ready = new Map(depths.map((one) => [one.tenant, one.ready]));
      for (const tenant of new Set([...standings.keys(), ...ready.keys()])) {
        const backlog = (ready.get(tenant) ?? 0) * stepOf(tenant);
        const { tag, lead } = standings.get(tenant) ?? { tag: 0, lead: 0 };
        // Other replicas sent runs of it too, and what it was ahead of its share it owes.
        const bounded = Math.max(now + backlog, Math.min(now + backlog + lead, tag));
        if (bounded <= now) standings.delete(tenant);
        else standings.set(tenant, { tag: bounded, lead });
      }
    },
  };
}

function forgetIdle(standings: Map<string, Standing>, now: number): void {
  for (const [tenant, { tag }] of standings) if (tag <= now) standings.delete(tenant);
}
