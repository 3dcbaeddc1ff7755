import {
  idOf,
  traceIdOf,
  type Failure,
  type FailureCode,
  type Goal,
  type Outcome,
  type PlannerName,
  type RerunMode,
  type Run,
  type RunOrigin,
  type RunState,
  type Status,
  type WaitingFor,
} from '@aos/core';

import { toGoal, type GoalRow } from './goals.ts';

/** A run as its caller sees it. */
export interface RunView {
  readonly run: Run;
  readonly goal: Goal;
  readonly traceId: string;
  readonly cancelRequestedBy?: string;
  readonly pauseRequestedBy?: string;
  /** With `waitingFor: 'pause'`: the skills that are paused, when it is not the run itself. */
  readonly pausedSkills?: readonly string[];
  readonly progress: {
    /** Steps of the plan that have ended. */
    readonly done: number;
    /** Steps of the newest plan; 0 before there is one. */
    readonly total: number;
    readonly current: readonly string[];
  };
  readonly failure?: Failure & { readonly step?: string };
}

export interface RunRow extends GoalRow {
  readonly id: string;
  readonly tenant_id: string;
  readonly agent: string;
  readonly agent_version: number;
  readonly planner: PlannerName;
  readonly priority: number;
  readonly status: Status;
  readonly outcome: Outcome | null;
  readonly failure_code: FailureCode | null;
  readonly epoch: number;
  readonly worker_id: string | null;
  readonly waiting_for: WaitingFor | null;
  readonly wake_at: Date | null;
  readonly created_at: Date;
  readonly place: string;
  readonly traceparent: string | null;
  readonly start_at: Date | null;
  readonly expires_at: Date | null;
  readonly started_at: Date | null;
  readonly deadline_at: Date | null;
  readonly finished_at: Date | null;
  readonly cancel_requested_at: Date | null;
  readonly cancel_requested_by: string | null;
  readonly pause_requested_at: Date | null;
  readonly pause_requested_by: string | null;
  readonly paused_skills: string[] | null;
  readonly parent_run_id: string | null;
  readonly origin_run_id: string | null;
  readonly origin_mode: RerunMode | null;
  readonly accepted: { readonly by: string; readonly origin?: RunOrigin } | null;
  readonly steps_total: number;
  readonly steps_done: number;
  readonly steps_current: readonly string[];
  readonly failure: Failure | null;
  readonly failed_step: string | null;
}

export const RUN_VIEW = `
  select r.id, r.tenant_id, r.agent, r.agent_version, r.planner, r.priority, r.status, r.outcome,
         r.failure_code, r.epoch, r.worker_id, r.waiting_for, r.wake_at, r.created_at,
         r.created_at::text as place, r.start_at, r.expires_at, r.started_at, r.deadline_at,
         r.finished_at, r.cancel_requested_at, r.cancel_requested_by, r.pause_requested_at,
         r.pause_requested_by, r.paused_skills, r.parent_run_id,
         r.origin_run_id, r.origin_mode,
         case when r.origin_run_id is not null then
           (select e.data from aos.events e where e.run_id = r.id and e.seq = 0) end as accepted,
         g.goal, g.input, g.plan as given_plan, g.limits, g.tags, g.traceparent,
         coalesce((select jsonb_array_length(p.plan -> 'steps') from aos.plans p
                    where p.run_id = r.id order by p.version desc limit 1), 0) as steps_total,
         s.done as steps_done, s.current as steps_current, f.failure,
         (select x.key from aos.steps x
           where x.run_id = r.id and x.status = 'failed'
             and x.failure ->> 'detail' = f.failure ->> 'detail'
           order by x.finished_at limit 1) as failed_step
    from page r
    join aos.goals g on g.run_id = r.id
   cross join lateral (
         select count(*) filter (where status in ('completed', 'failed', 'skipped')
                                   and key not like '%[%')::int as done,
                coalesce(array_agg(distinct split_part(key, '[', 1))
                  filter (where status in ('started', 'waiting')), '{}') as current
           from aos.steps where run_id = r.id) as s
    left join lateral (
         select e.data -> 'failure' as failure
           from aos.events e
          where e.run_id = r.id and e.type = 'run.finished'
          order by e.seq desc limit 1) as f on r.failure_code is not null
   order by r.created_at desc, r.id desc`;

export function toRunView(row: RunRow): RunView {
  const failure: Failure | undefined = row.failure_code
    ? (row.failure ?? { code: row.failure_code, detail: '' })
    : undefined;
  return {
    run: toRun(row),
    goal: toGoal(row),
    traceId: traceIdOf(idOf('run', row.id), row.traceparent ?? undefined),
    ...(row.cancel_requested_by && { cancelRequestedBy: row.cancel_requested_by }),
    ...(row.pause_requested_by && { pauseRequestedBy: row.pause_requested_by }),
    ...(row.waiting_for === 'pause' && row.paused_skills && { pausedSkills: row.paused_skills }),
    progress: {
      done: Math.min(row.steps_done, row.steps_total),
      total: row.steps_total,
      current: row.status === 'finished' ? [] : row.steps_current,
    },
    ...(failure && { failure: { ...failure, ...(row.failed_step && { step: row.failed_step }) } }),
  };
}

function toRun(row: RunRow): Run {
  return {
    id: idOf('run', row.id),
    tenant: row.tenant_id,
    agent: row.agent,
    agentVersion: row.agent_version,
    planner: row.planner,
    priority: row.priority,
    state: toState(row),
    epoch: row.epoch,
    createdAt: row.created_at,
    ...(row.started_at && { startedAt: row.started_at }),
    ...(row.finished_at && { finishedAt: row.finished_at }),
    ...(row.start_at && { startAt: row.start_at }),
    ...(row.expires_at && { expiresAt: row.expires_at }),
    ...(row.deadline_at && { deadlineAt: row.deadline_at }),
    ...(row.cancel_requested_at && { cancelRequestedAt: row.cancel_requested_at }),
    ...(row.pause_requested_at && { pauseRequestedAt: row.pause_requested_at }),
    ...(row.parent_run_id && { parentRunId: idOf('run', row.parent_run_id) }),
    ...originOf(row),
  };
}

function originOf({ origin_run_id, origin_mode, accepted }: RunRow): Pick<Run, 'origin'> {
  if (!origin_run_id || !origin_mode) return {};
  const { by = '', origin } = accepted ?? {};
  const base = { runId: idOf('run', origin_run_id), mode: origin_mode, reason: '' };
  return { origin: { ...base, ...origin, by } };
}

function toState(row: RunRow): RunState {
  switch (row.status) {
    case 'queued':
      return { status: 'queued' };
    case 'running':
      return { status: 'running', workerId: idOf('worker', row.worker_id ?? '') };
    case 'waiting':
      return {
        status: 'waiting',
        waitingFor: row.waiting_for ?? 'retry',
        ...(row.wake_at && { wakeAt: row.wake_at }),
      };
    case 'finished':
      return {
        status: 'finished',
        outcome: row.outcome ?? 'failed',
        ...(row.failure_code && { failureCode: row.failure_code }),
      };
  }
}
