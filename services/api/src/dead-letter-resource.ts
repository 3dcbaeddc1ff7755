import { failures, isFailureCode } from '@aos/core';
import type { CaseResource, DeadLetterResource } from '@aos/sdk';
import type { cases, deadLetters } from '@aos/store';

import { timeOrNull } from './run-resource.ts';

/** A dead letter as the API tells it. */
export function deadLetterResource(letter: deadLetters.DeadLetter): DeadLetterResource {
  const { at, fingerprint, redriven, discarded, runId } = letter;
  return {
    id: letter.id,
    runId,
    rootRunId: letter.rootRunId,
    redrives: letter.redrives,
    state: letter.state,
    goal: letter.goal,
    agent: { name: letter.agent, version: letter.agentVersion },
    epoch: letter.epoch,
    category: letter.category,
    failure: failureResource(letter),
    step: letter.step ?? null,
    plan: letter.plan ?? null,
    skillVersions: letter.skillVersions,
    costUsd: letter.costUsd,
    case: fingerprint,
    message: letter.message,
    failedAt: at.toISOString(),
    operationId: letter.operationId ?? null,
    redriven: redriven ? { ...redriven, at: redriven.at.toISOString() } : null,
    discarded: discarded ? { ...discarded, at: discarded.at.toISOString() } : null,
    links: {
      self: `/v1/dead-letters/${letter.id}`,
      run: `/v1/runs/${runId}`,
      report: `/v1/runs/${runId}/report`,
      events: `/v1/runs/${runId}/events`,
      case: `/v1/cases/${fingerprint}`,
    },
  };
}

/** A code of a newer version has no meaning here yet. */
function failureResource({ failure, step }: deadLetters.DeadLetter): DeadLetterResource['failure'] {
  const { problems, ...rest } = failure;
  const { meaning } = failures[isFailureCode(failure.code) ? failure.code : 'internal'];
  return {
    ...rest,
    detail: failure.detail || meaning,
    meaning,
    ...(problems && { problems: [...problems] }),
    ...(step && { step: step.key }),
  };
}

export function caseResource(one: cases.Case): CaseResource {
  return {
    id: one.id,
    state: one.state,
    reopened: one.reopened,
    owner: one.owner ?? null,
    note: one.note ?? null,
    version: one.version ?? null,
    changedAt: timeOrNull(one.changed?.at),
    changedBy: one.changed?.by ?? null,
    code: one.code,
    skill: one.skill ?? null,
    step: one.step ?? null,
    message: one.message,
    skillVersions: [...one.skillVersions],
    letters: one.letters,
    openLetters: one.openLetters,
    lastHour: one.lastHour,
    costUsd: one.costUsd,
    firstSeen: one.firstSeen.toISOString(),
    lastSeen: one.lastSeen.toISOString(),
    links: { self: `/v1/cases/${one.id}`, letters: `/v1/dead-letters?case=${one.id}` },
  };
}
