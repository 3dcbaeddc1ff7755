import { failures, type Approval, type Pause, type Run, type StepRecord } from '@aos/core';
import type { WhyReason } from '@aos/sdk';
import type { gauges, parked, runs } from '@aos/store';

import { targetReason } from './why-target.ts';

import type { Standing } from './queue-accounts.ts';
import { pausedReasons } from './why-paused.ts';

/** All that is needed to say why a run is where it is. */
export interface WhyFacts {
  readonly view: runs.RunView;
  readonly steps: readonly StepRecord[];
  readonly openApprovals: readonly Approval[];
  readonly runsAhead: number;
  /** Runs of all tenants that have a job before its own; undefined when it has none. */
  readonly jobsAhead?: number;
  readonly standing: Standing;
  /** Pauses in force that concern the tenant. */
  readonly pauses: readonly Pause[];
  /** Why live workers take no new runs now, one for each that does not. */
  readonly gates: readonly string[];
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
      return [...paused(facts), ...queued(facts)];
    case 'running':
      return [...paused(facts), ...running(facts)];
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

function paused({ view, pauses }: WhyFacts): WhyReason[] {
  return pausedReasons(view, pauses);
}

function queued(facts: WhyFacts): WhyReason[] {
  const { view, runsAhead, gauges, now } = facts;
  const { startAt } = view.run;
  if (startAt && startAt > now) {
    const until = startAt.toISOString();
    return [{ code: 'starts_later', detail: `It is to start at ${until}.`, until }];
  }
  const reasons: WhyReason[] =
    gauges.workersLive === 0
      ? [{ code: 'no_live_worker', detail: 'No worker is alive to take it; start one.' }]
      : [];
  reasons.push(...gated(facts), ...overShare(facts));
  const ahead = inAll(facts);
  reasons.push(
    runsAhead > 0
      ? {
          code: 'queued_behind',
          detail: `${runsAhead} of your runs come first${ahead}; ${gauges.runsRunning} runs have a worker, out of ${gauges.workerSlots} places.`,
          runsAhead,
        }
      : {
          code: 'next_in_queue',
          detail: `None of your runs comes first${ahead}; ${gauges.runsRunning} runs have a worker, out of ${gauges.workerSlots} places.`,
          runsAhead,
        },
  );
  return reasons;
}

function inAll({ jobsAhead, runsAhead }: WhyFacts): string {
  return jobsAhead === undefined || jobsAhead <= runsAhead ? '' : `, ${jobsAhead} of all tenants`;
}

function gated({ gates, gauges }: WhyFacts): WhyReason[] {
  if (gates.length === 0) return [];
  const detail = `${gates.length} of ${gauges.workersLive} workers take no new runs now: ${[...new Set(gates)].join('; ')}`;
  return [{ code: 'workers_gated', detail }];
}

/** Its tenant asks for more than its part, so others come first although they came later. */
function overShare({ standing }: WhyFacts): WhyReason[] {
  const { queued: own, queuedInAll, tenants, share } = standing;
  if (tenants < 2 || own <= queuedInAll * share) return [];
  const detail = `Your tenant has ${own} of the ${queuedInAll} runs that are queued, and shares the workers with ${tenants - 1} others: its part is ${Math.round(100 * share)} %.`;
  return [{ code: 'tenant_over_share', detail }];
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
  const { view, steps, openApprovals, gauges, pauses } = facts;
  const reasons: WhyReason[] = pausedReasons(view, pauses);
  const asked = openApprovals.map((approval): WhyReason => ({
    code: approval.kind === 'review' ? 'waiting_for_review' : 'waiting_for_approval',
    detail:
      approval.kind === 'review'
        ? `Nobody knows whether the step ${approval.stepKey} happened; a human must say if it may run again.`
        : `A human must allow the step ${approval.stepKey}: ${approval.reason}`,
    step: approval.stepKey,
    approvalId: approval.id,
    since: approval.createdAt.toISOString(),
  }));
  reasons.push(...asked);
  for (const step of steps) {
    if (step.status !== 'waiting') continue;
    if (step.wait.for === 'target') reasons.push(targetReason(step, step.wait, facts));
    if (step.wait.for !== 'retry') continue;
    const until = step.wait.until.toISOString();
    const detail = `The step ${step.key} failed (${step.wait.failure.code}) and is tried again at ${until}.`;
    reasons.push({ code: 'waiting_for_retry', detail, step: step.key, until });
  }
  const { state } = view.run;
  if (reasons.length === 0 && state.status === 'waiting' && state.waitingFor !== 'pause') {
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
