import type { Config } from '@aos/config';

export type AdmissionLimits = Config['admission'];

/** What the rules decide by, at this moment. */
export interface AdmissionFacts {
  /** Runs queued in all, and by the tenant that asks. */
  readonly depth: number;
  readonly tenantDepth: number;
  /** Of the oldest run that could start, in seconds. */
  readonly ageS: number;
  readonly latencyMs: number;
  /** Runs that finish in a second; undefined before it was measured. */
  readonly drainPerS: number | undefined;
  /** The tenant's part of it, 0 to 1. */
  readonly share: number;
  /** Runs that were told to come back, and have not had the time to. */
  readonly returning: number;
  readonly tenantReturning: number;
}

export const refusalReasons = ['tenant_depth', 'depth', 'age', 'latency'] as const;
export type RefusalReason = (typeof refusalReasons)[number];

export interface Refusal {
  readonly reason: RefusalReason;
  readonly detail: string;
  readonly retryAfterS: number;
}

/** How much of a limit runs of a priority may use: what is less urgent is refused first. */
interface Band {
  readonly depth: number;
  readonly strain: number;
}
const LOW: Band = { depth: 0.8, strain: 0.8 };
const NORMAL: Band = { depth: 1, strain: 1 };
/** Depth is a bound for all; strain is a guess, and urgent work may go further. */
const HIGH: Band = { depth: 1, strain: 1.25 };

export const RETRY_MIN_S = 1;
export const RETRY_MAX_S = 300;
/** Not all who are told to come back do, and nobody shall wait while workers have nothing to do. */
const RETURNING_PART = 0.5;
/** Before anything was measured. */
const RETRY_UNKNOWN_S = 5;

/** Why a new run must not be stored now; undefined when it may be. */
export function refusalOf(
  facts: AdmissionFacts,
  limits: AdmissionLimits,
  priority: number,
): Refusal | undefined {
  const band = priority < 0 ? LOW : priority > 0 ? HIGH : NORMAL;
  const { depth, tenantDepth, ageS, latencyMs, drainPerS } = facts;
  const tenantMax = Math.floor(limits.tenantQueueDepthMax * band.depth);
  if (tenantDepth >= tenantMax) {
    const rate = drainPerS === undefined ? undefined : drainPerS * facts.share;
    const over = tenantDepth - tenantMax + 1 + facts.tenantReturning * RETURNING_PART;
    const detail = `Your tenant has ${tenantDepth} runs queued; it may have ${tenantMax}${only(band)}.`;
    return { reason: 'tenant_depth', detail, retryAfterS: timeFor(over, rate) };
  }
  const depthMax = Math.floor(limits.queueDepthMax * band.depth);
  if (depth >= depthMax) {
    const over = depth - depthMax + 1 + facts.returning * RETURNING_PART;
    const detail = `${depth} runs are queued; ${depthMax} may be${only(band)}.`;
    return { reason: 'depth', detail, retryAfterS: timeFor(over, drainPerS) };
  }
  const ageMaxS = limits.queueAgeMaxS * band.strain;
  if (ageS > ageMaxS) {
    // Those that have waited longer than the limit must go first.
    const over = depth * (1 - ageMaxS / ageS) + facts.returning * RETURNING_PART;
    const detail = `The oldest run has waited ${Math.round(ageS)} s for a worker; at most ${Math.round(ageMaxS)} s are allowed${only(band)}.`;
    return { reason: 'age', detail, retryAfterS: timeFor(over, drainPerS) };
  }
  const latencyMaxMs = limits.databaseLatencyMaxMs * band.strain;
  if (latencyMs > latencyMaxMs) {
    const detail = `The database takes ${Math.round(latencyMs)} ms to store a run; at most ${Math.round(latencyMaxMs)} ms are allowed${only(band)}.`;
    return { reason: 'latency', detail, retryAfterS: bounded((2 * latencyMs) / 1000) };
  }
  return undefined;
}

/** How long it takes until so many runs have left the queue, in whole seconds. */
function timeFor(runs: number, ratePerS: number | undefined): number {
  return ratePerS === undefined ? RETRY_UNKNOWN_S : bounded(runs / ratePerS);
}

function bounded(seconds: number): number {
  return Math.ceil(Math.min(RETRY_MAX_S, Math.max(RETRY_MIN_S, seconds)));
}

function only(band: Band): string {
  return band === LOW ? ' for runs below priority 0' : '';
}
