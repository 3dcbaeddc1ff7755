import {
  idOf,
  type AgentDefinition,
  type ApprovalDecision,
  type ClaimedRun,
  type Goal,
  type PlannerName,
  type PlanVersion,
} from '@aos/core';

import type { Database, Db } from './db.ts';
import type { Job, Queue } from './queue.ts';
import { retryConflicts } from './retry-conflicts.ts';
import { toStepRecord, type StepRow } from './steps.ts';
import { takeSurely } from './take-surely.ts';

/** A claimed run with what the journal needs to write for it. */
export interface Claim {
  readonly uuid: string;
  readonly epoch: number;
  readonly planner: PlannerName;
  readonly job: Job;
  /** The place of the next event; kept by the journal. */
  nextSeq: number;
  readonly run: ClaimedRun;
}

/**
 * Takes up to `max` jobs and claims their runs for the worker, in one transaction: a worker that dies
 * in it has taken nothing. Jobs of runs that need no worker are completed. A worker without a lease gets
 * nothing.
 */
export function take(
  database: Database,
  queue: Queue,
  workerUuid: string,
  max: number,
  lost?: AbortSignal,
): Promise<readonly Claim[]> {
  return takeSurely(
    {
      take: (found) =>
        retryConflicts(() =>
          database.transaction(async (tx) => {
            found([]);
            if (await isLive(tx, workerUuid)) found(await takeIn(tx, queue, workerUuid, max));
          }),
        ),
      epochs: (claims) => epochs(database, workerUuid, claims),
    },
    { ...(lost && { lost }) },
  );
}

/** Keeps the worker's row as it is: nobody can declare it dead while it takes runs. */
async function isLive(tx: Db, workerUuid: string): Promise<boolean> {
  const rows = await tx.query(
    `select 1 from aos.workers
      where id = $1 and state = 'live' and lease_until > now()
        for key share`,
    [workerUuid],
  );
  return rows.length > 0;
}

/** Of those of these runs that the worker holds. Waits for a transaction that is still under way. */
async function epochs(
  database: Database,
  workerUuid: string,
  claims: readonly Claim[],
): Promise<ReadonlyMap<string, number>> {
  const rows = await database.query<{ id: string; epoch: number }>(
    `select id, epoch from aos.runs where id = any ($1::uuid[]) and worker_id = $2 for share`,
    [claims.map(({ uuid }) => uuid), workerUuid],
  );
  return new Map(rows.map(({ id, epoch }) => [id, epoch]));
}

async function takeIn(tx: Db, queue: Queue, workerUuid: string, max: number): Promise<Claim[]> {
  const jobs = await queue.fetch(tx, max);
  if (jobs.length === 0) return [];
  const claimed = await claim(
    tx,
    jobs.map(({ id }) => id),
    workerUuid,
  );
  const held = new Set(claimed);
  await queue.complete(
    tx,
    jobs.filter(({ id }) => !held.has(id)),
  );
  const byId = new Map(jobs.map((job) => [job.id, job]));
  return (await load(tx, claimed)).map((row) => toClaim(row, byId.get(row.id) as Job, workerUuid));
}

/** Raises the epoch: from here on, every earlier holder is refused. */
async function claim(tx: Db, uuids: readonly string[], workerUuid: string): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `update aos.runs
        set status = 'running',
            epoch = epoch + 1,
            worker_id = $2,
            waiting_for = null,
            wake_at = null,
            started_at = coalesce(started_at, clock_timestamp()),
            deadline_at = coalesce(deadline_at, clock_timestamp() + wall_ms * interval '1 ms')
      where id = any ($1::uuid[])
        and status in ('queued', 'waiting')
  returning id`,
    [uuids, workerUuid],
  );
  return rows.map(({ id }) => id);
}

/**
 * Lets go of a run that this worker can neither advance nor end, so that it is not held by a live lease
 * with nobody behind it. It comes back after a pause. Does nothing when it is in other hands by now.
 */
export async function letGo(
  database: Database,
  queue: Queue,
  { uuid, epoch }: Pick<Claim, 'uuid' | 'epoch'>,
  pauseMs: number,
): Promise<void> {
  await retryConflicts(() =>
    database.transaction(async (tx) => {
      const [run] = await tx.query<{ priority: number; start_after: Date }>(
        `update aos.runs
            set status = 'queued', worker_id = null, epoch = epoch + 1
          where id = $1 and epoch = $2 and status = 'running'
      returning priority, now() + $3 * interval '1 ms' as start_after`,
        [uuid, epoch, pauseMs],
      );
      if (!run) return;
      await queue.resend(tx, [{ uuid, priority: run.priority, startAfter: run.start_after }]);
    }),
  );
}

/** What the worker holds in the eyes of the database. */
export async function holds(db: Db, workerUuid: string): Promise<Pick<Claim, 'uuid' | 'epoch'>[]> {
  return db.query(`select id as uuid, epoch from aos.runs where worker_id = $1`, [workerUuid]);
}

interface ClaimRow {
  readonly id: string;
  readonly tenant_id: string;
  readonly epoch: number;
  readonly planner: PlannerName;
  readonly agent: AgentDefinition;
  readonly created_at: Date;
  readonly started_at: Date;
  readonly expires_at: Date | null;
  readonly deadline_at: Date | null;
  readonly cancelled_by: string | null;
  readonly goal: string;
  readonly input: Goal['input'];
  readonly given_plan: Goal['plan'] | null;
  readonly limits: Goal['limits'];
  readonly tags: string[];
  readonly last_seq: number;
  readonly plan: PlanVersion | null;
  readonly steps: StepRow[] | null;
  readonly decisions: (ApprovalDecision & { readonly id: string })[] | null;
  readonly planning_attempts: number;
}

/** A statement of its own, after the rows are locked: it sees all that earlier holders committed. */
async function load(tx: Db, uuids: readonly string[]): Promise<ClaimRow[]> {
  if (uuids.length === 0) return [];
  return tx.query<ClaimRow>(
    `select r.id, r.tenant_id, r.epoch, r.planner, r.created_at, r.started_at, r.expires_at,
            r.deadline_at, r.cancel_requested_by as cancelled_by,
            (select a.definition from aos.agents a
              where a.tenant_id = r.tenant_id and a.name = r.agent and a.version = r.agent_version) as agent,
            g.goal, g.input, g.plan as given_plan, g.limits, g.tags,
            (select max(e.seq) from aos.events e where e.run_id = r.id) as last_seq,
            (select jsonb_build_object('version', p.version, 'planner', p.planner, 'plan', p.plan, 'hash', p.hash)
               from aos.plans p where p.run_id = r.id order by p.version desc limit 1) as plan,
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
      where r.id = any ($1::uuid[])`,
    [uuids],
  );
}

function toClaim(row: ClaimRow, job: Job, workerUuid: string): Claim {
  const run: ClaimedRun = {
    id: idOf('run', row.id),
    tenant: row.tenant_id,
    planner: row.planner,
    agent: row.agent,
    goal: {
      goal: row.goal,
      input: row.input,
      limits: row.limits,
      tags: row.tags,
      ...(row.given_plan && { plan: row.given_plan }),
    },
    ...(row.plan && { plan: row.plan }),
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
    planningAttempts: row.planning_attempts,
  };
  const { id: uuid, epoch, planner } = row;
  return { uuid, epoch, planner, job, nextSeq: row.last_seq + 1, run };
}
