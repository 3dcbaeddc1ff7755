import { failures } from '@aos/core';
import type { RunResource } from '@aos/sdk';
import type { runs } from '@aos/store';

/** A run as the API tells it. */
export function runResource(view: runs.RunView): RunResource {
  const { run, goal } = view;
  const { state } = run;
  return {
    id: run.id,
    goal: goal.goal,
    input: goal.input,
    agent: { name: run.agent, version: run.agentVersion },
    planner: run.planner,
    status: state.status,
    outcome: state.status === 'finished' ? state.outcome : null,
    failure: failureResource(view),
    priority: run.priority,
    tags: [...goal.tags],
    budget: goal.limits,
    progress: progressResource(view),
    createdAt: run.createdAt.toISOString(),
    startedAt: timeOrNull(run.startedAt),
    finishedAt: timeOrNull(run.finishedAt),
    startAt: timeOrNull(run.startAt),
    expiresAt: timeOrNull(run.expiresAt),
    deadlineAt: timeOrNull(run.deadlineAt),
    waitingFor: state.status === 'waiting' ? state.waitingFor : null,
    wakeAt: state.status === 'waiting' ? timeOrNull(state.wakeAt) : null,
    cancelRequestedAt: timeOrNull(run.cancelRequestedAt),
    cancelRequestedBy: view.cancelRequestedBy ?? null,
    pauseRequestedAt: timeOrNull(run.pauseRequestedAt),
    pauseRequestedBy: view.pauseRequestedBy ?? null,
    parentRunId: run.parentRunId ?? null,
    origin: originResource(run.origin),
    traceId: view.traceId,
    links: linksOf(run.id),
  };
}

function originResource(origin: runs.RunView['run']['origin']): RunResource['origin'] {
  if (!origin) return null;
  const { patch, ...rest } = origin;
  return { ...rest, ...(patch && { patch: [...patch] }) };
}

export function timeOrNull(time: Date | undefined): string | null {
  return time?.toISOString() ?? null;
}

function failureResource({ failure }: runs.RunView): RunResource['failure'] {
  if (!failure) return null;
  const { meaning } = failures[failure.code];
  const { problems, ...rest } = failure;
  return {
    ...rest,
    detail: failure.detail || meaning,
    meaning,
    ...(problems && { problems: [...problems] }),
  };
}

function progressResource({ run, progress }: runs.RunView): RunResource['progress'] {
  const { done, total, current } = progress;
  const succeeded = run.state.status === 'finished' && run.state.outcome === 'succeeded';
  const percent = succeeded ? 100 : total === 0 ? 0 : Math.floor((100 * done) / total);
  return { percent, done, total, current: [...current] };
}

function linksOf(id: string): RunResource['links'] {
  const self = `/v1/runs/${id}`;
  return {
    self,
    plan: `${self}/plan`,
    steps: `${self}/steps`,
    events: `${self}/events`,
    report: `${self}/report`,
    artifacts: `${self}/artifacts`,
    why: `${self}/why`,
  };
}
