import type { ClaimedRun, StepRecord } from '@aos/core';

/** Whether a waiting step must wait on. */
export function isBlocked(record: StepRecord, run: ClaimedRun, now: Date): boolean {
  if (record.status !== 'waiting') return false;
  return record.wait.for === 'retry'
    ? record.wait.until > now
    : !run.decisions.has(record.wait.approvalId);
}

/** When the first waiting step may go on by itself; undefined when all wait for somebody. */
export function earliestWake(
  records: ReadonlyMap<string, StepRecord>,
  active: ReadonlySet<string> = new Set(),
): Date | undefined {
  let earliest: Date | undefined;
  for (const record of records.values()) {
    if (record.status !== 'waiting' || record.wait.for !== 'retry') continue;
    if (active.has(record.key)) continue;
    if (!earliest || record.wait.until < earliest) earliest = record.wait.until;
  }
  return earliest;
}
