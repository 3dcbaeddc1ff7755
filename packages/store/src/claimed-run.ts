import {
  idOf,
  type AgentDefinition,
  type ApprovalDecision,
  type ClaimedRun,
  type Goal,
  type PlannerName,
  type PlanVersion,
} from '@aos/core';

import type { AgentVersion } from './agent-versions.ts';
import type { Db } from './db.ts';
import { toStepRecord, type StepRow } from './steps.ts';

/** A claimed run as the database knows it. */
export interface ClaimRow extends AgentVersion {
  readonly id: string;
  readonly epoch: number;
  readonly planner: PlannerName;
  readonly created_at: Date;
  readonly started_at: Date;
  readonly expires_at: Date | null;
  readonly deadline_at: Date | null;
  readonly cancelled_by: string | null;
  readonly paused_by: string | null;
  readonly goal: string;
  readonly input: Goal['input'];
  readonly given_plan: Goal['plan'] | null;
  readonly limits: Goal['limits'];
  readonly tags: string[];
  readonly traceparent: string | null;
  readonly last_seq: number;
  readonly plan: PlanVersion['plan'] | null;
  readonly plan_version: number;
  readonly plan_planner: PlannerName;
  readonly plan_hash: string;
  readonly steps: StepRow[] | null;
  readonly decisions: (ApprovalDecision & { readonly id: string })[] | null;
  readonly planning_attempts: number;
}

/**
 * All that a worker must know of runs it has claimed. A statement of its own, after the rows are locked: it
 * sees all that earlier holders committed.
 */
export async function load(tx: Db, uuids: readonly string[]): Promise<ClaimRow[]> {
  if (uuids.length === 0) return [];
  return tx.query<ClaimRow>(
    `select r.id, r.tenant_id, r.epoch, r.planner, r.created_at, r.started_at, r.expires_at,
            r.deadline_at, r.cancel_requested_by as cancelled_by, r.pause_requested_by as paused_by,
            r.agent, r.agent_version, g.goal, g.input, g.limits, g.tags, g.traceparent,
            case when p.plan is null then g.plan end as given_plan,
            (select max(e.seq) from aos.events e where e.run_id = r.id) as last_seq,
            p.version as plan_version, p.planner as plan_planner, p.plan, p.hash as plan_hash,
            case when r.epoch > 1 or r.origin_mode = 'retry' then
              (select jsonb_agg(to_jsonb(s)) from aos.steps s where s.run_id = r.id) end as steps,
            case when r.epoch > 1 then
              (select jsonb_agg(jsonb_build_object('id', a.id, 'decision', a.decision, 'by', a.decided_by,
                                                   'inputHash', a.input_hash, 'stepKey', a.step_key,
                                                   'kind', a.kind, 'comment', a.comment))
                 from aos.approvals a where a.run_id = r.id and a.decision is not null) end as decisions,
            case when r.epoch > 1 then
              (select count(*) from aos.events e
                where e.run_id = r.id and e.type = 'run.planning_failed') else 0 end::int as planning_attempts
       from aos.runs r
       join aos.goals g on g.run_id = r.id
       left join lateral (
            select * from aos.plans p where p.run_id = r.id order by p.version desc limit 1) as p on true
      where r.id = any ($1::uuid[])`,
    [uuids],
  );
}

/** What is known of a claim besides the rows of its run. */
interface Claimant {
  readonly agent: AgentDefinition;
  readonly workerUuid: string;
  readonly stalls: number;
}

export function toClaimedRun(row: ClaimRow, { agent, workerUuid, stalls }: Claimant): ClaimedRun {
  return {
    id: idOf('run', row.id),
    tenant: row.tenant_id,
    planner: row.planner,
    agent,
    goal: {
      goal: row.goal,
      input: row.input,
      limits: row.limits,
      tags: row.tags,
      ...(row.given_plan && { plan: row.given_plan }),
    },
    ...(row.plan && {
      plan: {
        version: row.plan_version,
        planner: row.plan_planner,
        plan: row.plan,
        hash: row.plan_hash,
      },
    }),
    steps: (row.steps ?? []).map(toStepRecord),
    decisions: new Map(
      (row.decisions ?? []).map(({ id, ...decision }) => [idOf('approval', id), decision]),
    ),
    epoch: row.epoch,
    workerId: idOf('worker', workerUuid),
    createdAt: row.created_at,
    startedAt: row.started_at,
    ...(row.expires_at && { expiresAt: row.expires_at }),
    ...(row.deadline_at && { deadlineAt: row.deadline_at }),
    ...(row.cancelled_by && { cancelledBy: row.cancelled_by }),
    ...(row.paused_by && { pausedBy: row.paused_by }),
    ...(row.traceparent && { traceparent: row.traceparent }),
    planningAttempts: row.planning_attempts,
    stalls,
  };
}
