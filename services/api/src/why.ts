import { failures, type Approval, type Run, type StepRecord } from '@aos/core';
import type { WhyReason } from '@aos/sdk';
import type { gauges, parked, runs } from '@aos/store';

import { targetReason } from './why-target.ts';

/** All that is needed to say why a run is where it is. */
export interface WhyFacts {
  readonly view: runs.RunView;
  readonly steps: readonly StepRecord[];
  readonly openApprovals: readonly Approval[];
  readonly runsAhead: number;
  readonly gauges: gauges.Gauges;
  readonly holder?: Awaited<ReturnType<typeof runs.holder>>;
  readonly planned: boolean;
  /** What its steps wait for. */
  readonly targets: readonly parked.TargetView[];
  readonly now: Date;
}

/** The reasons, the most telling first. */
export function reasonsOf(facts: WhyFacts): WhyReason[] {
  const { run } = facts.view;
  const main = mainReasons(facts);
  if (run.state.status === 'finished' || !run.cancelRequestedAt) return main;
  const by = facts.view.cancelRequestedBy ?? 'somebody';
  return [
    {
      code: 'cancel_requested',
      detail: `${by} asked to cancel it at ${run.cancelRequestedAt.toISOString()}; it ends at the next safe point.`,
      since: run.cancelRequestedAt.toISOString(),
    },
    ...main,
  ];
}

function mainReasons(facts: WhyFacts): WhyReason[] {
  const { state } = facts.view.run;
  switch (state.status) {
    case 'finished':
      return [finished(facts)];
    case 'queued':
      return queued(facts);
    case 'running':
      return running(facts);
    case 'waiting':
      return waiting(facts);
  }
}

function finished({ view }: WhyFacts): WhyReason {
  const { run, failure } = view;
  const outcome = run.state.status === 'finished' ? run.state.outcome : '';
  const why = failure ? `: ${failure.detail || failures[failure.code].meaning}` : '.';
  return {
    code: 'finished',
    detail: `It finished and ${outcome === 'cancelled' ? 'was cancelled' : outcome}${why}`,
    since: run.finishedAt?.toISOString() ?? null,
    ...(failure?.step && { step: failure.step }),
  };
}

function queued({ view, runsAhead, gauges, now }: WhyFacts): WhyReason[] {
  const { startAt } = view.run;
  if (startAt && startAt > now) {
    const until = startAt.toISOString();
    return [{ code: 'starts_later', detail: `It is to start at ${until}.`, until }];
  }
  const reasons: WhyReason[] =
    gauges.workersLive === 0
      ? [{ code: 'no_live_worker', detail: 'No worker is alive to take it; start one.' }]
      : [];
  reasons.push(
    runsAhead > 0
      ? {
          code: 'queued_behind',
          detail: `${runsAhead} of your runs come first; ${gauges.runsRunning} runs have a worker, out of ${gauges.workerSlots} places.`,
          runsAhead,
        }
      : {
          code: 'next_in_queue',
          detail: `None of your runs comes first; ${gauges.runsRunning} runs have a worker, out of ${gauges.workerSlots} places.`,
          runsAhead,
        },
  );
  return reasons;
}

function running({ view, steps, holder, planned }: WhyFacts): WhyReason[] {
  if (holder && !holder.alive) {
    return [
      {
        code: 'worker_lost',
        detail: `Its worker on ${holder.host} gives no sign of life; another one takes the run over within seconds.`,
      },
    ];
  }
  if (!planned) {
    return [{ code: 'planning', detail: 'Its plan is being made.', since: startOf(view.run) }];
  }
  const under = steps.filter(({ status }) => status === 'started');
  if (under.length === 0) {
    return [{ code: 'between_steps', detail: 'A worker has it and goes from step to step.' }];
  }
  return under.map((step) => ({
    code: 'step_running',
    detail: `The step ${step.key} (${step.skill}) runs since ${step.startedAt?.toISOString() ?? 'now'}, attempt ${step.attempt}.`,
    step: step.key,
    since: step.startedAt?.toISOString() ?? null,
  }));
}

function waiting(facts: WhyFacts): WhyReason[] {
  const { view, steps, openApprovals, gauges } = facts;
  const reasons: WhyReason[] = openApprovals.map((approval) => ({
    code: approval.kind === 'review' ? 'waiting_for_review' : 'waiting_for_approval',
    detail:
      approval.kind === 'review'
        ? `Nobody knows whether the step ${approval.stepKey} happened; a human must say if it may run again.`
        : `A human must allow the step ${approval.stepKey}: ${approval.reason}`,
    step: approval.stepKey,
    approvalId: approval.id,
    since: approval.createdAt.toISOString(),
  }));
  for (const step of steps) {
    if (step.status !== 'waiting') continue;
    if (step.wait.for === 'target') reasons.push(targetReason(step, step.wait, facts));
    if (step.wait.for !== 'retry') continue;
    const until = step.wait.until.toISOString();
    const detail = `The step ${step.key} failed (${step.wait.failure.code}) and is tried again at ${until}.`;
    reasons.push({ code: 'waiting_for_retry', detail, step: step.key, until });
  }
  const { state } = view.run;
  if (reasons.length === 0 && state.status === 'waiting') {
    const until = state.wakeAt?.toISOString() ?? null;
    const when = until ? ` until ${until}` : '';
    const detail = `It waits${when} (${state.waitingFor}).`;
    reasons.push({ code: `waiting_for_${state.waitingFor}`, detail, until });
  }
  if (gauges.workersLive === 0) {
    reasons.push({ code: 'no_live_worker', detail: 'No worker is alive to go on with it.' });
  }
  return reasons;
}

function startOf(run: Run): string | null {
  return run.startedAt?.toISOString() ?? null;
}
