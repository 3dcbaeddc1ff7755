import type { Logger } from '@aos/telemetry';

/** How long after the grace cut steps may take to settle before the process goes. */
const SETTLE_MS = 5_000;

export interface Stop {
  /** Take no new runs; let steps under way end. */
  readonly stop: AbortSignal;
  /** The grace is over: cut what can be repeated. */
  readonly hurry: AbortSignal;
}

/** Listens for SIGTERM, SIGINT and the end of the launcher. A second one ends the process at once. */
export function stopOnSignals(log: Logger, graceMs: number): Stop {
  const stop = new AbortController();
  const hurry = new AbortController();
  const wish = (why: string) => {
    if (stop.signal.aborted) process.exit(1);
    log.info('worker.stopping', { why });
    stop.abort();
    setTimeout(() => hurry.abort(), graceMs).unref();
    // Whatever still hangs is left to the next worker.
    setTimeout(() => process.exit(0), graceMs + SETTLE_MS).unref();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => wish(signal));
  process.on('disconnect', () => wish('launcher ended'));
  return { stop: stop.signal, hurry: hurry.signal };
}
