import { isOutage, type Failure, type StepRecord, type Usage } from '@aos/core';

import type { Advance } from './advance.ts';
import { recordOf, type Attempt } from './attempt.ts';
import { stepChange } from './recorder.ts';
import type { Outage } from './targets.ts';

/** What a call of its own found out, before the step was parked. */
export interface Met {
  readonly failure: Failure;
  readonly usage?: Usage;
}

/**
 * What the step reaches is out. It waits until it is let go, and no attempt is used: neither this one, nor
 * the one before, when that failed for the same cause before anybody knew it.
 */
export async function parkStep(
  { ports, recorder }: Advance,
  attempt: Attempt,
  before: StepRecord | undefined,
  target: string,
  { failure, until, answersAgain }: Outage,
  met?: Met,
): Promise<void> {
  const { unit, skill, startedAt } = attempt;
  const durationMs = ports.clock.now().getTime() - startedAt.getTime();
  await recorder.record(
    stepChange(
      {
        type: 'step.parked',
        step: unit.key,
        skill: skill.name,
        target,
        ...(until && { until: until.toISOString() }),
        ...(met && { durationMs, ...met }),
      },
      recordOf(
        { ...attempt, number: answersAgain ? (before?.attempt ?? 0) : unspent(before) },
        { status: 'waiting', wait: { for: 'target', target, failure } },
        // The first of these waits counts for its patience.
        { startedAt: (isParked(before) && before?.startedAt) || startedAt },
      ),
    ),
  );
}

export function isParked(record: StepRecord | undefined): boolean {
  return record?.status === 'waiting' && record.wait.for === 'target';
}

/** The attempts that count. */
function unspent(before: StepRecord | undefined): number {
  if (!before) return 0;
  const wasted =
    before.status === 'waiting' && before.wait.for === 'retry' && isOutage(before.wait.failure);
  return Math.max(0, before.attempt - (wasted ? 1 : 0));
}
