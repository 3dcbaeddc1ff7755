import { monitorEventLoopDelay } from 'node:perf_hooks';

import type { Config } from '@aos/config';
import type { Database } from '@aos/store';
import type { Metrics } from '@aos/telemetry';

export type GateLimits = Config['worker']['gate'];

/** How the process is now. */
export interface GateReadings {
  /** How late timers run, 99th percentile of the last half second. */
  readonly lagMs: number;
  /** How long callers have waited for a database connection without a break. */
  readonly poolWaitMs: number;
  readonly memoryMb: number;
}

/** Whether a worker takes more runs. It closes above a limit, and opens again well below it. */
export interface Gate {
  sample(readings: GateReadings): void;
  /** Why it is closed. */
  readonly reason: () => string | undefined;
  isClosed(by: GateCause): boolean;
}

export const gateCauses = ['lag', 'pool', 'memory'] as const;
export type GateCause = (typeof gateCauses)[number];

/** It opens below this part of the limit that closed it, so that it does not flutter. */
const OPEN_BELOW = 0.8;

export function createGate(limits: GateLimits): Gate {
  const closed = new Map<GateCause, string>();
  const judge = (cause: GateCause, value: number, limit: number, sentence: string): void => {
    if (value > limit || (closed.has(cause) && value > limit * OPEN_BELOW)) {
      closed.set(cause, sentence);
    } else closed.delete(cause);
  };
  return {
    sample({ lagMs, poolWaitMs, memoryMb }) {
      const { lagMaxMs, poolWaitMaxMs, memoryMaxMb } = limits;
      judge('lag', lagMs, lagMaxMs, `its event loop is ${Math.round(lagMs)} ms late`);
      judge('pool', poolWaitMs, poolWaitMaxMs, 'its database connections are all busy');
      judge('memory', memoryMb, memoryMaxMb, `it has ${Math.round(memoryMb)} MB in memory`);
    },
    reason: () => (closed.size === 0 ? undefined : [...closed.values()].join('; ')),
    isClosed: (by) => closed.has(by),
  };
}

const SAMPLE_EVERY_MS = 500;
const RESOLUTION_MS = 10;
const NANOSECONDS_PER_MS = 1e6;
const BYTES_PER_MB = 1_048_576;

/** A gate on the readings of this process, twice a second. */
export function watchGate(
  limits: GateLimits,
  database: Pick<Database, 'connections'>,
  metrics: Metrics,
): Gate & { stop(): void } {
  const gate = createGate(limits);
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  let waitingSince: number | undefined;
  const timer = setInterval(() => {
    const now = performance.now();
    if (database.connections().waiting === 0) waitingSince = undefined;
    else waitingSince ??= now;
    const lagMs = delays.percentile(99) / NANOSECONDS_PER_MS - RESOLUTION_MS;
    delays.reset();
    gate.sample({
      lagMs: Number.isFinite(lagMs) ? Math.max(0, lagMs) : 0,
      poolWaitMs: waitingSince === undefined ? 0 : now - waitingSince,
      memoryMb: process.memoryUsage.rss() / BYTES_PER_MB,
    });
    for (const reason of gateCauses) {
      metrics.workerGated.set({ reason }, gate.isClosed(reason) ? 1 : 0);
    }
  }, SAMPLE_EVERY_MS).unref();
  return {
    ...gate,
    stop() {
      clearInterval(timer);
      delays.disable();
    },
  };
}
