/** The middle value; the mean of both middle ones when there is an even number. */
export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** Between the two nearest ranks, as in a spreadsheet. NaN when there is no value. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = ((sorted.length - 1) * percent) / 100;
  const below = sorted[Math.floor(rank)] ?? Number.NaN;
  const above = sorted[Math.ceil(rank)] ?? Number.NaN;
  return below + (above - below) * (rank - Math.floor(rank));
}

/** Half the distance between the extremes, as a share of the median: ± this much. */
export function spread(values: readonly number[]): number {
  if (values.length < 2) return 0;
  return (Math.max(...values) - Math.min(...values)) / 2 / Math.abs(median(values));
}
