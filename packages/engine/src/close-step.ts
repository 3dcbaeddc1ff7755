import type { Failure, StepRecord } from '@aos/core';

import { isUnrepeatable } from './attempt.ts';

/**
 * The steps of these that were left in the middle, as they end: for the reason given, or, where an effect
 * was cut that may have happened, saying so.
 */
export function closed(
  records: Iterable<StepRecord>,
  why: Failure,
  now: Date,
): readonly StepRecord[] {
  return [...records].flatMap((record): StepRecord[] => {
    if (record.status !== 'started' && record.status !== 'waiting') return [];
    const unsure =
      (record.status === 'started' && isUnrepeatable(record.effect)) ||
      (record.status === 'waiting' && record.wait.for === 'review');
    const failure: Failure = unsure
      ? { code: 'outcome_unknown', detail: `${record.skill} was cut; it may have happened.` }
      : why;
    const { key, skill, skillVersion, effect, attempt, inputHash, startedAt } = record;
    return [
      {
        key,
        skill,
        skillVersion,
        effect,
        attempt,
        ...(inputHash && { inputHash }),
        ...(startedAt && { startedAt }),
        finishedAt: now,
        status: 'failed',
        failure,
      },
    ];
  });
}
