import { planKeyOf, type PlanStep, type StepRecord } from '@aos/core';

import type { Advance } from './advance.ts';
import { fallbackOf, notStarted } from './attempt.ts';
import { closed } from './close-step.ts';
import type { Move } from './moves.ts';

/** Writes down what needs no execution: a skip, a failure before the start, the join of all items. */
export async function settleMove(
  { ports, recorder }: Advance,
  move: Exclude<Move, { do: 'start' }>,
): Promise<void> {
  const now = ports.clock.now();
  const { key } = move.step;
  switch (move.do) {
    case 'skip':
      return recorder.record({
        events: [{ type: 'step.skipped', step: key, reason: move.reason }],
        steps: [{ ...blank(move.step, now), status: 'skipped', reason: move.reason }],
      });
    case 'fail':
      return recorder.record({
        events: [notStarted(key, move.step.skill, move.failure)],
        steps: [
          {
            ...blank(move.step, now),
            status: 'failed',
            failure: move.failure,
            ...fallbackOf(move.step, key),
          },
          ...closed(itemsOf(recorder.records, key), ITEM_FAILED, now),
        ],
      });
    case 'join':
      return recorder.record({
        events: [
          {
            type: 'step.joined',
            step: key,
            items: move.output.length,
            failed: move.failed,
          },
        ],
        steps: [{ ...blank(move.step, now), status: 'completed', output: move.output }],
      });
  }
}

const ITEM_FAILED = { code: 'cancelled', detail: 'Another item of the step failed.' } as const;

/** Items that still wait when their step fails will never have their turn. */
function itemsOf(records: ReadonlyMap<string, StepRecord>, key: string): StepRecord[] {
  return [...records.values()].filter((one) => one.key !== key && planKeyOf(one.key) === key);
}

function blank(step: PlanStep, now: Date): Omit<StepRecord & { status: 'started' }, 'status'> {
  return {
    key: step.key,
    skill: step.skill,
    skillVersion: '',
    effect: 'pure',
    attempt: 0,
    startedAt: now,
    finishedAt: now,
  };
}
