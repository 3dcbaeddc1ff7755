import type { ScaleFacts, ScaleLimits } from '@aos/core';
import { gauges, tallies, type Database } from '@aos/store';

import { cached } from './catalogs.ts';

/** What says how many workers are needed, read at most once a second. */
export type ScaleSignal = () => Promise<{ readonly facts: ScaleFacts; readonly at: Date }>;

/** When nobody says otherwise, and for the metric. */
export const SCALE_LIMITS: ScaleLimits = { min: 1, max: 1_000, targetAgeMs: 5_000 };

/** The rate is of this long: long enough to be steady, short enough to be of now. */
const WATCHED_MS = 30_000;
const WATCHED_MIN_MS = 2_000;

interface Reading {
  readonly atMs: number;
  readonly finished: number;
}

/** Remembers the last readings of this process, so that it can tell how quickly runs finish. */
export function createScaleSignal(database: Database): ScaleSignal {
  let readings: readonly Reading[] = [];
  return cached(async () => {
    const [facts, sums] = await Promise.all([gauges.scaleFacts(database), tallies.sum(database)]);
    const last: Reading = {
      atMs: performance.now(),
      finished: sums.runs.reduce((total, { count }) => total + count, 0),
    };
    readings = [...readings.filter(({ atMs }) => last.atMs - atMs <= WATCHED_MS), last];
    const drainPerS = rateOf(readings[0] ?? last, last);
    return { facts: { ...facts, ...(drainPerS !== undefined && { drainPerS }) }, at: new Date() };
  });
}

function rateOf(first: Reading, last: Reading): number | undefined {
  const ms = last.atMs - first.atMs;
  if (ms < WATCHED_MIN_MS) return undefined;
  return Math.max(0, ((last.finished - first.finished) * 1000) / ms);
}
