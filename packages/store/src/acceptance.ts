import {
  AosError,
  eventData,
  hashJson,
  uuidOf,
  type Goal,
  type Json,
  type Plan,
  type PlannerName,
  type RunEvent,
  type RunOrigin,
  type StepRecord,
} from '@aos/core';

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
}

/** The request as one row of the statement that stores it. */
export function toRow(acceptance: Acceptance): Record<string, unknown> {
  const { goal, plan, origin, idempotency, reuse } = acceptance;
  return {
    id: runUuid(acceptance.runId),
    tenant_id: acceptance.tenant,
    agent: acceptance.agent,
    agent_version: acceptance.agentVersion,
    planner: acceptance.planner,
    priority: acceptance.priority,
    start_at: acceptance.startAt,
    expires_at: acceptance.expiresAt,
    wall_ms: goal.limits.wallMs,
    parent_run_id: acceptance.parentRunId && runUuid(acceptance.parentRunId),
    origin_run_id: origin && runUuid(origin.runId),
    origin_mode: origin?.mode,
    goal: goal.goal,
    input: goal.input,
    given_plan: goal.plan,
    limits: goal.limits,
    tags: goal.tags,
    plan,
    plan_hash: plan && hashJson(plan as unknown as Json),
    reuse,
    events: firstEvents(acceptance).map((event) => ({
      type: event.type,
      data: eventData(event),
    })),
    key: idempotency?.key,
    body_hash: idempotency?.bodyHash.toString('hex'),
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
  const planHash = hashJson(plan as unknown as Json);
  const steps = plan.steps.length;
  return { type: 'run.planned', version: 1, planner, steps, planHash, durationMs: 0 };
}

export function runUuid(runId: string): string {
  const uuid = uuidOf('run', runId);
  if (!uuid) throw new AosError('run_not_found', `No run has the id ${JSON.stringify(runId)}.`);
  return uuid;
}
