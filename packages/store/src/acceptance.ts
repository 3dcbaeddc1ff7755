import {
  AosError,
  eventData,
  isTemplateCall,
  planHash,
  planKeyOf,
  traceIdOf,
  uuidOf,
  type Goal,
  type Plan,
  type PlannerName,
  type RunEvent,
  type RunOrigin,
  type StepRecord,
} from '@aos/core';

import { binaryColumns } from './binary-array.ts';
import type { RunView } from './run-row.ts';

/** A checked request to pursue a goal, ready to be stored. */
export interface Acceptance {
  readonly tenant: string;
  /** Who asks: the name of the API key. */
  readonly by: string;
  readonly runId: string;
  readonly agent: string;
  readonly agentVersion: number;
  readonly planner: PlannerName;
  readonly goal: Goal;
  readonly priority: number;
  readonly startAt?: Date;
  readonly expiresAt?: Date;
  readonly parentRunId?: string;
  readonly origin?: RunOrigin;
  /** Stored as version 1: plans given by the caller, and those of a replayed or retried run. */
  readonly plan?: Plan;
  /** Completed steps that a retry keeps. */
  readonly reuse?: readonly StepRecord[];
  readonly idempotency?: { readonly key: string; readonly bodyHash: Buffer };
  /** The place in a trace that the run continues. */
  readonly traceparent?: string;
}

/** The requests as one array a column of the statement that stores them. */
export function acceptanceColumns(batch: readonly Acceptance[]): Buffer[] {
  return binaryColumns(
    COLUMNS,
    batch.map(({ goal, plan, origin, idempotency, reuse, ...rest }) => [
      runUuid(rest.runId),
      rest.tenant,
      rest.agent,
      rest.agentVersion,
      rest.planner,
      rest.priority,
      rest.startAt,
      rest.expiresAt,
      goal.limits.wallMs,
      rest.parentRunId && runUuid(rest.parentRunId),
      origin && runUuid(origin.runId),
      origin?.mode,
      goal.goal,
      JSON.stringify(goal.input),
      // A whole plan is stored as version 1 of the run's plans, and nowhere twice.
      isTemplateCall(goal.plan) ? JSON.stringify(goal.plan) : undefined,
      JSON.stringify(goal.limits),
      JSON.stringify(goal.tags),
      plan && JSON.stringify(plan),
      plan && planHash(plan),
      reuse && JSON.stringify(reuse),
      idempotency?.key,
      idempotency?.bodyHash,
      rest.traceparent,
    ]),
  );
}

const COLUMNS = [
  ...(['uuid', 'text', 'text', 'int', 'text', 'int', 'time', 'time', 'bigint'] as const),
  ...(['uuid', 'uuid', 'text', 'text', 'jsonb', 'jsonb', 'jsonb', 'jsonb'] as const),
  ...(['jsonb', 'text', 'jsonb', 'text', 'bytes', 'text'] as const),
];

/** The first events of the requests, each with its place. */
export function firstEventColumns(batch: readonly Acceptance[]): Buffer[] {
  const rows = batch.flatMap((acceptance) =>
    firstEvents(acceptance).map((event, seq) => [
      runUuid(acceptance.runId),
      seq,
      event.type,
      JSON.stringify(eventData(event)),
    ]),
  );
  return binaryColumns(['uuid', 'int', 'text', 'jsonb'], rows);
}

/** The run as its caller sees it right after it was stored; nobody need read it for that. */
export function acceptedView(acceptance: Acceptance, createdAt: Date): RunView {
  const { runId, tenant, agent, agentVersion, planner, goal, priority, plan, origin } = acceptance;
  const { startAt, expiresAt, parentRunId, reuse = [] } = acceptance;
  return {
    run: {
      id: runId,
      tenant,
      agent,
      agentVersion,
      planner,
      priority,
      state: { status: 'queued' },
      epoch: 0,
      createdAt,
      ...(startAt && { startAt }),
      ...(expiresAt && { expiresAt }),
      ...(parentRunId && { parentRunId }),
      ...(origin && { origin: { ...origin, by: acceptance.by } }),
    },
    goal,
    traceId: traceIdOf(runId, acceptance.traceparent),
    progress: {
      done: reuse.filter(({ key }) => planKeyOf(key) === key).length,
      total: plan?.steps.length ?? 0,
      current: [],
    },
  };
}

function firstEvents({ agent, planner, by, origin, plan, reuse }: Acceptance): RunEvent[] {
  return [
    { type: 'run.accepted', agent, planner, by, ...(origin && { origin }) },
    ...(plan ? [planned(plan, planner)] : []),
    ...(reuse ?? []).map(({ key }): RunEvent => ({
      type: 'step.reused',
      step: key,
      runId: origin?.runId ?? '',
    })),
  ];
}

function planned(plan: Plan, planner: PlannerName): RunEvent {
  const steps = plan.steps.length;
  return {
    type: 'run.planned',
    version: 1,
    planner,
    steps,
    planHash: planHash(plan),
    durationMs: 0,
  };
}

export function runUuid(runId: string): string {
  const uuid = uuidOf('run', runId);
  if (!uuid) throw new AosError('run_not_found', `No run has the id ${JSON.stringify(runId)}.`);
  return uuid;
}
