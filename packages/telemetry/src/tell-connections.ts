import type { Metrics } from './metrics.ts';

/** Sets the gauges of a database pool; for `beforeScrape`. */
export function tellConnections(
  metrics: Metrics,
  pool: { connections(): Readonly<Record<'idle' | 'busy' | 'waiting', number>> },
): void {
  for (const [state, count] of Object.entries(pool.connections())) {
    metrics.dbPoolConnections.set({ state }, count);
  }
}
