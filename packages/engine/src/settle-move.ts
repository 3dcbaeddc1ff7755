import type { Json, PlanStep, StepRecord } from '@aos/core';

import type { Advance } from './advance-run.ts';
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
        events: [
          {
            type: 'step.failed',
            step: key,
            skill: move.step.skill,
            attempt: 0,
            durationMs: 0,
            failure: move.failure,
          },
        ],
        steps: [
          {
            ...blank(move.step, now),
            status: 'failed',
            failure: move.failure,
            ...fallbackOf(move.step),
          },
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

/** What stands in for the output of a failed step, when its plan says so. */
export function fallbackOf(step: PlanStep): { readonly output?: Json } {
  return typeof step.onError === 'object' ? { output: step.onError.use } : {};
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
