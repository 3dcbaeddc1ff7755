import {
  AosError,
  failures,
  idOf,
  uuidOf,
  type Failure,
  type FailureCode,
  type Goal,
  type Outcome,
  type PlannerName,
  type RerunMode,
  type Run,
  type RunState,
  type Status,
  type WaitingFor,
} from '@aos/core';

import type { Db } from './db.ts';
import { toGoal, type GoalRow } from './goals.ts';
import type { Queue } from './queue.ts';

/** A run as its caller sees it. */
export interface RunView {
  readonly run: Run;
  readonly goal: Goal;
  readonly cancelRequestedBy?: string;
  readonly progress: {
    /** Steps of the plan that have ended. */
    readonly done: number;
    /** Steps of the newest plan; 0 before there is one. */
    readonly total: number;
    readonly current: readonly string[];
  };
  readonly failure?: Failure & { readonly step?: string };
}

export interface RunFilter {
  readonly status?: Status;
  readonly outcome?: Outcome;
  readonly agent?: string;
  readonly planner?: PlannerName;
  readonly tag?: string;
  /** A skill that one of its steps used. */
  readonly skill?: string;
  /** The failure code it ended with. */
  readonly error?: string;
  readonly createdAfter?: Date;
  readonly createdBefore?: Date;
  /** Words of the goal. */
  readonly q?: string;
}

/** The place of a run in the list, newest first. */
export interface RunPlace {
  /** As PostgreSQL wrote it: a `Date` would lose the microseconds. */
  readonly createdAt: string;
  readonly id: string;
}

interface RunRow extends GoalRow {
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
  readonly start_at: Date | null;
  readonly expires_at: Date | null;
  readonly started_at: Date | null;
  readonly deadline_at: Date | null;
  readonly finished_at: Date | null;
  readonly cancel_requested_at: Date | null;
  readonly cancel_requested_by: string | null;
  readonly parent_run_id: string | null;
  readonly origin_run_id: string | null;
  readonly origin_mode: RerunMode | null;
  readonly steps_total: number;
  readonly steps_done: number;
  readonly steps_current: readonly string[];
  readonly failure: Failure | null;
  readonly failed_step: string | null;
}

const VIEW = `
  select r.id, r.tenant_id, r.agent, r.agent_version, r.planner, r.priority, r.status, r.outcome,
         r.failure_code, r.epoch, r.worker_id, r.waiting_for, r.wake_at, r.created_at,
         r.created_at::text as place, r.start_at, r.expires_at, r.started_at, r.deadline_at,
         r.finished_at, r.cancel_requested_at, r.cancel_requested_by, r.parent_run_id,
         r.origin_run_id, r.origin_mode,
         g.goal, g.input, g.plan as given_plan, g.limits, g.tags,
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

export async function get(db: Db, id: string): Promise<RunView> {
  const rows = await db.query<RunRow>(
    `with page as (select * from aos.runs where id = $1) ${VIEW}`,
    [uuidOf('run', id) ?? null],
  );
  if (!rows[0]) throw new AosError('run_not_found', failures.run_not_found.meaning);
  return toView(rows[0]);
}

/** Newest first, from behind `after`; `next` is where to read on, undefined on the last page. */
export async function list(
  db: Db,
  tenant: string,
  filter: RunFilter,
  page: { readonly limit: number; readonly after?: RunPlace },
): Promise<{ readonly items: readonly RunView[]; readonly next?: RunPlace }> {
  const rows = await db.query<RunRow>(
    `with page as (
       select r.*
         from aos.runs r
        where r.tenant_id = $1
          and ($2::timestamptz is null or (r.created_at, r.id) < ($2::timestamptz, $3::uuid))
          and ($5::text is null or r.status = $5)
          and ($6::text is null or r.outcome = $6)
          and ($7::text is null or r.agent = $7)
          and ($8::text is null or r.planner = $8)
          and ($9::text is null or r.failure_code = $9)
          and ($10::timestamptz is null or r.created_at > $10)
          and ($11::timestamptz is null or r.created_at < $11)
          and ($12::text is null or exists (
                select from aos.goals g where g.run_id = r.id and $12 = any (g.tags)))
          and ($13::text is null or exists (
                select from aos.steps s where s.run_id = r.id and s.skill = $13))
          and ($14::text is null or exists (
                select from aos.goals g where g.run_id = r.id and g.goal ilike $14))
        order by r.created_at desc, r.id desc
        limit $4 + 1) ${VIEW}`,
    [
      tenant,
      page.after?.createdAt ?? null,
      page.after ? uuidOf('run', page.after.id) : null,
      page.limit,
      filter.status ?? null,
      filter.outcome ?? null,
      filter.agent ?? null,
      filter.planner ?? null,
      filter.error ?? null,
      filter.createdAfter ?? null,
      filter.createdBefore ?? null,
      filter.tag ?? null,
      filter.skill ?? null,
      filter.q === undefined ? null : `%${filter.q.replaceAll(/[\\%_]/g, '\\$&')}%`,
    ],
  );
  const items = rows.slice(0, page.limit);
  const last = rows.length > page.limit ? items.at(-1) : undefined;
  return {
    items: items.map(toView),
    ...(last && { next: { createdAt: last.place, id: idOf('run', last.id) } }),
  };
}

/**
 * Asks that a run be cancelled; the worker that holds it, or the next one, does it. `finished`: it is
 * too late, and nobody asked in time. Asking again changes nothing. In the caller's transaction.
 */
export async function cancel(
  tx: Db,
  queue: Queue,
  id: string,
  by: string,
): Promise<'asked' | 'finished'> {
  const uuid = uuidOf('run', id) ?? null;
  const [run] = await tx.query<{ status: Status; priority: number; asked: boolean }>(
    `select status, priority, cancel_requested_at is not null as asked
       from aos.runs
      where id = $1
        for update`,
    [uuid],
  );
  if (!run) throw new AosError('run_not_found', failures.run_not_found.meaning);
  if (run.asked) return 'asked';
  if (run.status === 'finished') return 'finished';
  await tx.query(
    `update aos.runs
        set cancel_requested_at = now(),
            cancel_requested_by = $2,
            status      = case status when 'waiting' then 'queued' else status end,
            waiting_for = null,
            wake_at     = null
      where id = $1`,
    [uuid, by],
  );
  if (run.status === 'running') {
    await tx.query(`select pg_notify('aos_runs', 'cancel ' || $1)`, [uuid]);
  } else {
    await dispatchNow(tx, queue, uuid as string, run.priority);
  }
  return 'asked';
}

/** Sends the run to a worker now, whatever its job waited for. The caller holds the run's row. */
export async function dispatchNow(
  tx: Db,
  queue: Queue,
  uuid: string,
  priority: number,
): Promise<void> {
  await queue.remove(tx, [uuid]);
  await queue.send(tx, [{ uuid, priority, resumed: true }]);
  await tx.query(`select pg_notify('aos_runs', 'queued')`);
}

const AHEAD_MAX = 10_000;

/** Runs of the tenant that could start and come before this one; counted up to 10,000. */
export async function countAhead(db: Db, run: Run): Promise<number> {
  const rows = await db.query<{ count: number }>(
    `select count(*)::int as count
       from (select
               from aos.runs
              where tenant_id = $1
                and status = 'queued'
                and (start_at is null or start_at <= now())
                and (-priority, created_at, id) < (-$2::int, $3, $4::uuid)
              limit $5) as ahead`,
    [run.tenant, run.priority, run.createdAt, uuidOf('run', run.id), AHEAD_MAX],
  );
  return rows[0]?.count ?? 0;
}

/** Whether the worker that holds the run gives signs of life; undefined when nobody holds it. */
export async function holder(
  db: Db,
  id: string,
): Promise<
  { readonly workerId: string; readonly host: string; readonly alive: boolean } | undefined
> {
  const rows = await db.query<{ id: string; host: string; alive: boolean }>(
    `select w.id, w.host, w.state in ('live', 'stopping') and w.lease_until > now() as alive
       from aos.runs r
       join aos.workers w on w.id = r.worker_id
      where r.id = $1`,
    [uuidOf('run', id)],
  );
  const [row] = rows;
  return row && { workerId: idOf('worker', row.id), host: row.host, alive: row.alive };
}

function toView(row: RunRow): RunView {
  const failure: Failure | undefined = row.failure_code
    ? (row.failure ?? { code: row.failure_code, detail: '' })
    : undefined;
  return {
    run: toRun(row),
    goal: toGoal(row),
    ...(row.cancel_requested_by && { cancelRequestedBy: row.cancel_requested_by }),
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
    ...(row.parent_run_id && { parentRunId: idOf('run', row.parent_run_id) }),
    ...(row.origin_run_id &&
      row.origin_mode && {
        origin: { runId: idOf('run', row.origin_run_id), mode: row.origin_mode },
      }),
  };
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
