import {
  retryDelayMs,
  type Failure,
  type RunEvent,
  type SkillResult,
  type StepState,
} from '@aos/core';

import type { Advance } from './advance.ts';
import { askReview } from './ask-human.ts';
import { fallbackOf, isUnrepeatable, recordOf, told, type Attempt } from './attempt.ts';
import { stepChange } from './recorder.ts';

/** Commits how an attempt ended, and what follows from it. */
export async function settleAttempt(
  advance: Advance,
  attempt: Attempt,
  result: SkillResult,
): Promise<void> {
  const { recorder, abort } = advance;
  switch (result.outcome) {
    case 'completed':
      // The work is done and paid for: it counts, also when the run is being stopped.
      return recorder.record(completed(advance, attempt, result));
    case 'failed':
      return abort.aborted
        ? cut(advance, attempt, result.failure)
        : failed(advance, attempt, result.failure, result);
    case 'unknown':
      return unknown(advance, attempt, result.failure);
  }
}

function completed(
  { ports }: Advance,
  attempt: Attempt,
  result: Extract<SkillResult, { outcome: 'completed' }>,
) {
  const finishedAt = ports.clock.now();
  return stepChange(
    {
      type: 'step.completed',
      ...told(attempt, finishedAt),
      ...(result.usage && { usage: result.usage }),
      ...(result.notes && result.notes.length > 0 && { notes: result.notes }),
    },
    recordOf(
      attempt,
      { status: 'completed', output: result.output },
      { startedAt: attempt.startedAt, finishedAt },
    ),
  );
}

async function failed(
  { ports, recorder }: Advance,
  attempt: Attempt,
  failure: Failure,
  { usage }: Pick<Extract<SkillResult, { outcome: 'failed' }>, 'usage'>,
): Promise<void> {
  const now = ports.clock.now();
  const { step } = attempt.unit;
  const delayMs = retryDelayMs(failure, attempt.number, step.retry, ports.random);
  const until = delayMs === undefined ? undefined : new Date(now.getTime() + delayMs);
  const event: RunEvent = {
    type: 'step.failed',
    ...told(attempt, now),
    failure,
    ...(usage && { usage }),
    ...(until && { retryAt: until.toISOString() }),
  };
  const state: StepState = until
    ? { status: 'waiting', wait: { for: 'retry', until, failure } }
    : { status: 'failed', failure, ...fallbackOf(step, attempt.unit.key) };
  await recorder.record(
    stepChange(
      event,
      recordOf(attempt, state, {
        startedAt: attempt.startedAt,
        ...(!until && { finishedAt: now }),
      }),
    ),
  );
}

/**
 * Cut by us. What may be repeated is left as it stands: the next claim begins it again, or the end of
 * the run ends it. Of an effect that may not be repeated we know here that it did not happen, which
 * must be written down, or it would look as if it might have. The attempt does not count.
 */
async function cut(advance: Advance, attempt: Attempt, failure: Failure): Promise<void> {
  if (!isUnrepeatable(attempt.effect)) return;
  const until = advance.ports.clock.now();
  const uncounted = { ...attempt, number: attempt.number - 1 };
  const state: StepState = { status: 'waiting', wait: { for: 'retry', until, failure } };
  const event: RunEvent = {
    type: 'step.failed',
    ...told(attempt, until),
    failure,
    retryAt: until.toISOString(),
  };
  await advance.recorder.record(
    stepChange(event, recordOf(uncounted, state, { startedAt: attempt.startedAt })),
  );
}

/** What may be repeated is; what may not goes to a human, and is never guessed. */
async function unknown(advance: Advance, attempt: Attempt, failure: Failure): Promise<void> {
  if (isUnrepeatable(attempt.effect)) return askReview(advance, attempt, failure);
  if (!advance.abort.aborted) return failed(advance, attempt, failure, {});
}
