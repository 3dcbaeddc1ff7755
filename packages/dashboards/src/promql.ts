/** The time over which Grafana takes rates: at least four scrapes, more when the page shows more. */
const WINDOW = '$__rate_interval';

/**
 * A counter that comes from the database. One replica of the API exports it at a time, and when another takes
 * over there are two for a moment: the greatest counts, a sum would double it.
 */
export function fromDatabase(
  counter: string,
  by: readonly string[],
  per: 'rate' | 'increase',
): string {
  return `max by (${by.join(', ')}) (${per}(${counter}[${WINDOW}]))`;
}

/** A counter that each process raises for itself: the sum of all. */
export function ofAll(counter: string, by: readonly string[], per: 'rate' | 'increase'): string {
  return `sum${by.length > 0 ? ` by (${by.join(', ')})` : ''} (${per}(${counter}[${WINDOW}]))`;
}

export function quantile(part: number, histogram: string, by: string, where = ''): string {
  const labels = by === '' ? 'le' : `le, ${by}`;
  return `histogram_quantile(${part}, sum by (${labels}) (rate(${histogram}_bucket${where}[${WINDOW}])))`;
}

/** How many of all, and nothing while there are none. */
export function share(some: string, all: string): string {
  return `(${some}) / ((${all}) > 0)`;
}
