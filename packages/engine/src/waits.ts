import type { ClaimedRun, StepRecord } from '@aos/core';

/** Whether a waiting step must wait on. */
export function isBlocked(record: StepRecord, run: ClaimedRun, now: Date): boolean {
  if (record.status !== 'waiting') return false;
  return record.wait.for === 'retry'
    ? record.wait.until > now
    : !run.decisions.has(record.wait.approvalId);
}

/** When the first waiting step may go on by itself, later than `after`; undefined when none will. */
export function earliestWake(
  records: ReadonlyMap<string, StepRecord>,
  after: Date,
): Date | undefined {
  let earliest: Date | undefined;
  for (const record of records.values()) {
    if (record.status !== 'waiting' || record.wait.for !== 'retry') continue;
    const { until } = record.wait;
    if (until > after && (!earliest || until < earliest)) earliest = until;
  }
  return earliest;
}
