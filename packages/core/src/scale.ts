/** What says how many workers are needed. */
export interface ScaleFacts {
  /** Runs that could start now and have no worker. */
  readonly ready: number;
  /** Runs in the hands of a worker. */
  readonly running: number;
  /** How long the oldest of those that are ready has waited. */
  readonly queueAgeMs: number;
  readonly workers: number;
  /** Runs that all of them together can advance at once. */
  readonly slots: number;
  /** Runs that finished in a second, lately; absent when nobody has watched long enough. */
  readonly drainPerS?: number;
}

export interface ScaleLimits {
  readonly min: number;
  readonly max: number;
  /** A run should not wait longer than this for a worker. */
  readonly targetAgeMs: number;
}

export const scaleReasons = ['places', 'age', 'drain', 'none_alive', 'min', 'max'] as const;

export interface ScaleReason {
  readonly code: (typeof scaleReasons)[number];
  readonly detail: string;
  /** The number of workers that this alone calls for. */
  readonly workers: number;
}

export interface Desired {
  readonly workers: number;
  /** Why not fewer, the most demanding first; at the limits, that they hold. */
  readonly reasons: readonly ScaleReason[];
}

/** Beyond this share of the places in use, another worker is started. */
const FILLED_SHARE = 0.8;
/** Of a worker nobody has seen yet. */
const SLOTS_EACH = 200;
/** However long the queue, twice as many are enough to ask for at once: the next look asks again. */
const GROWTH_MAX = 2;

/**
 * How many workers there should be by what is seen now. It remembers nothing, so any autoscaler can use
 * it; what keeps the number steady is `pace`, or the window of the other autoscaler.
 */
export function desiredWorkers(facts: ScaleFacts, limits: ScaleLimits): Desired {
  const reasons = [...demandsOf(facts, limits)].toSorted((a, b) => b.workers - a.workers);
  const wanted = Math.max(0, ...reasons.map(({ workers }) => workers));
  if (wanted < limits.min) {
    const detail = `There are never fewer than ${limits.min}.`;
    return { workers: limits.min, reasons: [{ code: 'min', detail, workers: limits.min }] };
  }
  if (wanted <= limits.max) return { workers: wanted, reasons };
  const detail = `There are never more than ${limits.max}.`;
  const capped: ScaleReason = { code: 'max', detail, workers: limits.max };
  return { workers: limits.max, reasons: [capped, ...reasons] };
}

function* demandsOf(facts: ScaleFacts, { targetAgeMs }: ScaleLimits): Generator<ScaleReason> {
  const { ready, running, queueAgeMs, workers, slots, drainPerS } = facts;
  const each = workers > 0 && slots > 0 ? slots / workers : SLOTS_EACH;
  const load = ready + running;
  if (load > 0) {
    yield {
      code: 'places',
      detail: `${running} runs under way and ${ready} ready, at ${Math.floor(each)} places a worker.`,
      workers: Math.ceil(load / (each * FILLED_SHARE)),
    };
  }
  if (ready === 0) return;
  if (workers === 0) {
    yield {
      code: 'none_alive',
      detail: `${ready} runs are ready, and no worker lives.`,
      workers: 1,
    };
    return;
  }
  const grown = (lateness: number) => Math.ceil(workers * Math.min(lateness, GROWTH_MAX));
  if (queueAgeMs > targetAgeMs) {
    // With places free it is not places that lack: one more at a time.
    const full = running >= slots * FILLED_SHARE;
    yield {
      code: 'age',
      detail: `The oldest waits ${seconds(queueAgeMs)}, more than ${seconds(targetAgeMs)}.`,
      workers: full ? Math.max(workers + 1, grown(queueAgeMs / targetAgeMs)) : workers + 1,
    };
  }
  const emptyInMs = drainPerS ? (ready / drainPerS) * 1000 : 0;
  if (drainPerS && emptyInMs > targetAgeMs && running >= slots * FILLED_SHARE) {
    yield {
      code: 'drain',
      detail: `At ${Math.round(drainPerS * 10) / 10} runs a second the queue is empty in ${seconds(emptyInMs)}.`,
      workers: Math.max(workers + 1, grown(emptyInMs / targetAgeMs)),
    };
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}

/** How quickly the number of workers follows what is desired. */
export interface Pace {
  /** Between two steps up: those started before must have a chance to help. */
  readonly upEveryMs: number;
  /** Fewer only when fewer were enough all this time. */
  readonly downAfterMs: number;
  readonly downEveryMs: number;
}

export const PACE: Pace = { upEveryMs: 3_000, downAfterMs: 60_000, downEveryMs: 20_000 };

/** What is remembered between two looks. */
export interface Pacing {
  readonly workers: number;
  readonly changedAtMs: number;
  /** What was desired lately, the oldest first. */
  readonly desired: readonly { readonly atMs: number; readonly workers: number }[];
}

export function startPacing(workers: number, nowMs: number): Pacing {
  return { workers, changedAtMs: nowMs, desired: [{ atMs: nowMs, workers }] };
}

/** Up at once and as far as needed; down slowly, a quarter at a time, and never for a moment's lull. */
export function pace(before: Pacing, desired: number, nowMs: number, how: Pace = PACE): Pacing {
  const kept = before.desired.filter(({ atMs }) => nowMs - atMs < how.downAfterMs);
  const next = { ...before, desired: [...kept, { atMs: nowMs, workers: desired }] };
  const sinceMs = nowMs - before.changedAtMs;
  if (desired > before.workers) {
    return sinceMs < how.upEveryMs ? next : { ...next, workers: desired, changedAtMs: nowMs };
  }
  const enough = Math.max(...next.desired.map(({ workers }) => workers));
  const steady = sinceMs >= how.downEveryMs && enough < before.workers;
  if (!steady) return next;
  const step = Math.max(1, Math.floor(before.workers / 4));
  return { ...next, workers: Math.max(enough, before.workers - step), changedAtMs: nowMs };
}
