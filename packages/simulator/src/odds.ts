import type { Random } from './random.ts';

/** How a simulation is dealt; all of it follows from the seed. */
export interface Odds {
  readonly machines: number;
  readonly runs: number;
  /** Faults happen from the first second up to here. */
  readonly stormMs: number;
  /** One fault at a time, far from the next, and no message lost: then recovery is timed. */
  readonly calm: boolean;
  /** Of a message that gets lost on its way, or its answer. */
  readonly loss: number;
  readonly deadlock: number;
  readonly faultEveryMs: number;
  /** How wrong the wall clocks are. */
  readonly skewMaxMs: number;
}

const HOUR_MS = 3_600_000;

export function deal(random: Random): Odds {
  const calm = random.chance(0.25);
  return {
    machines: random.between(2, 3),
    runs: random.between(4, 7),
    stormMs: calm ? 27_000 : random.between(15_000, 25_000),
    calm,
    loss: calm ? 0 : random.pick([0, 0.01, 0.03]),
    deadlock: calm ? 0 : random.pick([0, 0.01]),
    faultEveryMs: calm ? 13_000 : random.between(1_200, 4_000),
    skewMaxMs: HOUR_MS,
  };
}
