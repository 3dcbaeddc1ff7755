import type { ClaimedRun, StepRecord } from '@aos/core';

import type { Targets } from './targets.ts';

/** Whether a waiting step must wait on. */
export function isBlocked(
  record: StepRecord,
  run: ClaimedRun,
  now: Date,
  targets: Targets,
): boolean {
  if (record.status !== 'waiting') return false;
  const { wait } = record;
  switch (wait.for) {
    case 'retry':
      return wait.until > now;
    case 'target':
      return !wait.released && !targets.isClear(wait.target) && now < patientUntil(record);
    case 'approval':
    case 'review':
      return !run.decisions.has(wait.approvalId);
  }
}

/** A step waits at most this long for what it reaches. Then it goes its usual way, and may fail. */
const PATIENCE_MS = 86_400_000;

export function patientUntil({ startedAt }: Pick<StepRecord, 'startedAt'>): Date {
  return new Date((startedAt?.getTime() ?? 0) + PATIENCE_MS);
}

/** When the first waiting step may go on by itself, later than `after`; undefined when none will. */
export function earliestWake(
  records: ReadonlyMap<string, StepRecord>,
  after: Date,
): Date | undefined {
  let earliest: Date | undefined;
  for (const record of records.values()) {
    if (record.status !== 'waiting' || 'approvalId' in record.wait) continue;
    const until = record.wait.for === 'retry' ? record.wait.until : patientUntil(record);
    if (until > after && (!earliest || until < earliest)) earliest = until;
  }
  return earliest;
}
