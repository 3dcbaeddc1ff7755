import {
  newId,
  type ApprovalDecision,
  type ApprovalKind,
  type Change,
  type Failure,
  type RunEvent,
  type StepRecord,
  type StepState,
} from '@aos/core';

import type { Advance } from './advance.ts';
import { fallbackOf, isUnrepeatable, notStarted, recordOf, told, type Attempt } from './attempt.ts';

/**
 * Whether a human's leave is there, for exactly this input. Without one it is asked for, and the step
 * waits. Covers steps whose plan asks for an approval, and steps whose effect may have happened in the
 * hands of a worker that died: nobody but a human may say that they run again.
 */
export async function mayStart(
  advance: Advance,
  attempt: Attempt,
  before: StepRecord | undefined,
): Promise<boolean> {
  const asked =
    before?.status === 'waiting' && 'approvalId' in before.wait ? before.wait : undefined;
  const answer = asked && advance.run.decisions.get(asked.approvalId);
  if (asked && answer) {
    if (answer.decision === 'reject') {
      await reject(advance, attempt, asked.approvalId, answer);
      return false;
    }
    await advance.recorder.record({ events: [decided(attempt, asked.approvalId, answer)] });
  }
  // An approval is for the input that was shown; for another one it says nothing.
  const outdated = answer?.kind === 'review' && answer.inputHash !== (attempt.inputHash ?? '');
  const unsure = before?.status === 'started' && isUnrepeatable(before.effect);
  if (before && (unsure || outdated)) {
    await askReview(
      advance,
      { ...attempt, number: before.attempt },
      {
        code: 'outcome_unknown',
        detail: `The worker ended while ${attempt.skill.name} was under way; it may have happened.`,
      },
    );
    return false;
  }
  if (!attempt.unit.step.approval || isApproved(advance, attempt)) return true;
  await ask(advance, { ...attempt, number: before?.attempt ?? 0 }, 'step', [], {
    reason: attempt.unit.step.approval.reason,
  });
  return false;
}

/** The outcome is unknown: a human says whether the step runs again. */
export async function askReview(
  advance: Advance,
  attempt: Attempt,
  failure: Failure,
): Promise<void> {
  const event: RunEvent = {
    type: 'step.failed',
    ...told(attempt, advance.ports.clock.now()),
    failure: { ...failure, code: 'outcome_unknown' },
    retryAt: NOBODY_KNOWS,
  };
  await ask(advance, attempt, 'review', [event], {
    reason: `${failure.detail} Approve to run it again, reject to fail it.`,
  });
}

/** There will be another attempt when somebody allows it. */
const NOBODY_KNOWS = 'when approved';

/** An approval holds for the exact input that was shown, and for its retries. */
function isApproved({ run }: Advance, { unit, inputHash }: Attempt): boolean {
  return [...run.decisions.values()].some(
    (answer) =>
      answer.stepKey === unit.key &&
      answer.kind === 'step' &&
      answer.decision === 'approve' &&
      answer.inputHash === inputHash,
  );
}

async function ask(
  { recorder }: Advance,
  attempt: Attempt,
  kind: ApprovalKind,
  events: readonly RunEvent[],
  { reason }: { readonly reason: string },
): Promise<void> {
  const { unit, skill, input, inputHash = '' } = attempt;
  const approvalId = newId('approval');
  const state: StepState = {
    status: 'waiting',
    wait: { for: kind === 'step' ? 'approval' : 'review', approvalId },
  };
  const change: Change = {
    events: [...events, { type: 'approval.requested', step: unit.key, approvalId, kind }],
    steps: [recordOf(attempt, state)],
    approvals: [
      { id: approvalId, stepKey: unit.key, kind, reason, skill: skill.name, input, inputHash },
    ],
  };
  await recorder.record(change);
}

async function reject(
  { ports, recorder }: Advance,
  attempt: Attempt,
  approvalId: string,
  answer: ApprovalDecision,
): Promise<void> {
  const { unit, skill, startedAt } = attempt;
  const code = answer.kind === 'review' ? 'outcome_unknown' : 'approval_rejected';
  const comment = answer.comment ? `: ${answer.comment}` : '.';
  const failure: Failure = { code, detail: `Rejected by ${answer.by}${comment}` };
  const number = attempt.number - 1;
  await recorder.record({
    events: [decided(attempt, approvalId, answer), notStarted(unit.key, skill.name, failure)],
    steps: [
      {
        ...recordOf(
          { ...attempt, number },
          { status: 'failed', failure, ...fallbackOf(unit.step, unit.key) },
        ),
        startedAt,
        finishedAt: ports.clock.now(),
      },
    ],
  });
}

function decided(
  { unit }: Attempt,
  approvalId: string,
  { decision, by }: ApprovalDecision,
): RunEvent {
  return { type: 'approval.decided', step: unit.key, approvalId, decision, by };
}
