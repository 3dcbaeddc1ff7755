import {
  AosError,
  idOf,
  uuidOf,
  type Decision,
  type EffectClass,
  type Outcome,
  type Plan,
  type RunEvent,
  type Status,
  type StepStatus,
  type WaitingFor,
} from '@aos/core';

import type { Database, Db } from './db.ts';

/** Everything that is stored of one run, at one moment, for whoever checks it. */
export interface RunHistory {
  /** The moment of the snapshot, by the clock of the database. */
  readonly now: Date;
  readonly run: HistoryRun;
  readonly events: readonly HistoryEvent[];
  readonly steps: readonly HistoryStep[];
  readonly plans: readonly HistoryPlan[];
  readonly approvals: readonly HistoryApproval[];
  /** What its workers offered, as `name@version`, by worker id; those that ended long ago are forgotten. */
  readonly offers: ReadonlyMap<string, readonly string[]>;
}

export interface HistoryRun {
  readonly id: string;
  readonly tenant: string;
  readonly status: Status;
  readonly outcome: Outcome | null;
  readonly failureCode: string | null;
  readonly epoch: number;
  readonly workerId: string | null;
  readonly waitingFor: WaitingFor | null;
  readonly wakeAt: Date | null;
  readonly createdAt: Date;
  readonly startAt: Date | null;
  readonly deadlineAt: Date | null;
  readonly cancelRequestedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly originMode: string | null;
  /** State of its job that has not ended; null when there is none. */
  readonly jobState: string | null;
  readonly jobStartAfter: Date | null;
  /** Of the worker that holds it. */
  readonly workerState: string | null;
  readonly workerLeaseUntil: Date | null;
  readonly eventCount: number;
}

export interface HistoryEvent {
  readonly seq: number;
  readonly epoch: number;
  readonly at: Date;
  readonly event: RunEvent;
}

/** A step without its output: that may be large, and a check needs only what is told of it here. */
export interface HistoryStep {
  readonly key: string;
  readonly skill: string;
  readonly skillVersion: string;
  readonly effect: EffectClass;
  readonly status: StepStatus;
  readonly attempt: number;
  readonly epoch: number;
  readonly inputHash: string | null;
  readonly outputBytes: number | null;
  readonly outputTooDeep: boolean | null;
  readonly waitingFor: WaitingFor | null;
  readonly wakeAt: Date | null;
  readonly approvalId: string | null;
  readonly startedAt: Date | null;
}

export interface HistoryPlan {
  readonly version: number;
  readonly planner: string;
  readonly plan: Plan;
  readonly hash: string;
}

export interface HistoryApproval {
  readonly id: string;
  readonly tenant: string;
  readonly stepKey: string;
  readonly kind: 'step' | 'review';
  readonly input: unknown;
  readonly inputHash: string;
  readonly createdAt: Date;
  readonly decision: Decision | null;
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
}

/** One look at the whole database: all of it at the same moment, and nothing can be written in it. */
export interface Snapshot {
  readonly tx: Db;
  readonly now: Date;
}

const STATEMENT_MS = 120_000;
/** Whoever reads the findings may take a while. */
const IDLE_MS = 600_000;
const PAGE_RUNS = 500;
/** Events that are in memory at a time, unless one run has more. */
const PAGE_EVENTS = 20_000;

/**
 * Reads in one REPEATABLE READ, read-only transaction. Refuses a standby: it is behind, so a run that is
 * in good hands would look lost there. The database must be opened with a `queryTimeoutMs` of minutes.
 */
export async function snapshot<T>(
  database: Database,
  work: (snapshot: Snapshot) => Promise<T>,
): Promise<T> {
  return database.transaction(async (tx) => {
    await tx.query('set transaction isolation level repeatable read read only');
    await tx.query(
      `set local statement_timeout = ${STATEMENT_MS};
       set local idle_in_transaction_session_timeout = ${IDLE_MS}`,
    );
    const [row] = await tx.query<{ now: Date; standby: boolean }>(
      'select now(), pg_is_in_recovery() as standby',
    );
    if (!row || row.standby) {
      throw new AosError(
        'not_ready',
        'This is a standby, which is behind: check the primary server.',
      );
    }
    return work({ tx, now: row.now });
  });
}

/**
 * All runs in the order of their ids, or those that are not finished or finished at `since` or later.
 * What is in memory is bounded by a page, or by the largest run.
 */
export async function* read(
  { tx, now }: Snapshot,
  since: Date | undefined,
): AsyncGenerator<RunHistory> {
  for (let after = NO_UUID; ;) {
    const rows = await tx.query<HistoryRun & { readonly id: string }>(RUNS, [
      after,
      since ?? null,
      PAGE_RUNS,
    ]);
    for (const part of parts(rows)) yield* histories(tx, now, part);
    const last = rows.at(-1);
    if (!last || rows.length < PAGE_RUNS) return;
    after = last.id;
  }
}

const NO_UUID = '00000000-0000-0000-0000-000000000000';

function* parts(rows: readonly HistoryRun[]): Generator<readonly HistoryRun[]> {
  let part: HistoryRun[] = [];
  let events = 0;
  for (const row of rows) {
    if (part.length > 0 && events + row.eventCount > PAGE_EVENTS) {
      yield part;
      part = [];
      events = 0;
    }
    part.push(row);
    events += row.eventCount;
  }
  if (part.length > 0) yield part;
}

type Of<T> = T & { readonly runUuid: string };

async function* histories(
  tx: Db,
  now: Date,
  runs: readonly HistoryRun[],
): AsyncGenerator<RunHistory> {
  const uuids = [runs.map(({ id }) => id)];
  const events = byRun(
    (
      await tx.query<Of<Omit<HistoryEvent, 'event'> & { type: string; data: object }>>(
        EVENTS,
        uuids,
      )
    ).map(({ type, data, ...place }) => ({ ...place, event: { ...data, type } as RunEvent })),
  );
  const steps = byRun(await tx.query<Of<HistoryStep>>(STEPS, uuids));
  const plans = byRun(await tx.query<Of<HistoryPlan>>(PLANS, uuids));
  const approvals = byRun(await tx.query<Of<HistoryApproval>>(APPROVALS, uuids));
  const offers = await offersOf(tx, [...events.values()].flat());
  for (const run of runs) {
    yield {
      now,
      run: { ...run, id: idOf('run', run.id) },
      events: events.get(run.id) ?? [],
      steps: steps.get(run.id) ?? [],
      plans: plans.get(run.id) ?? [],
      approvals: approvals.get(run.id) ?? [],
      offers,
    };
  }
}

async function offersOf(
  tx: Db,
  events: readonly HistoryEvent[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const ids = events.flatMap(({ event }) =>
    event.type === 'run.started' ? (uuidOf('worker', event.workerId) ?? []) : [],
  );
  const rows = await tx.query<{ id: string; skills: string[] }>(
    'select id, skills from aos.workers where id = any ($1::uuid[])',
    [[...new Set(ids)]],
  );
  return new Map(rows.map(({ id, skills }) => [idOf('worker', id), skills]));
}

function byRun<T extends { readonly runUuid: string }>(rows: readonly T[]): Map<string, T[]> {
  const lists = new Map<string, T[]>();
  for (const row of rows) {
    const list = lists.get(row.runUuid);
    if (list) list.push(row);
    else lists.set(row.runUuid, [row]);
  }
  return lists;
}

const RUNS = `
  select r.id, r.tenant_id as tenant, r.status, r.outcome, r.failure_code as "failureCode", r.epoch,
         r.worker_id as "workerId", r.waiting_for as "waitingFor", r.wake_at as "wakeAt",
         r.created_at as "createdAt", r.start_at as "startAt", r.deadline_at as "deadlineAt",
         r.cancel_requested_at as "cancelRequestedAt", r.finished_at as "finishedAt",
         r.origin_mode as "originMode", j.state::text as "jobState",
         j.start_after as "jobStartAfter", w.state as "workerState",
         w.lease_until as "workerLeaseUntil",
         (select count(*) from aos.events e where e.run_id = r.id)::int as "eventCount"
    from aos.runs r
    left join aos.workers w on w.id = r.worker_id
    left join pgboss.job j
      on j.name = 'runs' and j.id = r.id and j.state in ('created', 'retry', 'active')
   where r.id > $1
     and ($2::timestamptz is null or r.status <> 'finished' or r.finished_at >= $2)
   order by r.id
   limit $3`;

const EVENTS = `
  select run_id as "runUuid", seq, epoch, type, data, at
    from aos.events
   where run_id = any ($1::uuid[])
   order by run_id, seq`;

const STEPS = `
  select s.run_id as "runUuid", s.key, s.skill, s.skill_version as "skillVersion", s.effect,
         s.status, s.attempt, s.epoch, s.input_hash as "inputHash",
         octet_length(s.output::text) as "outputBytes",
         jsonb_path_exists(s.output, 'strict $.**{65}') as "outputTooDeep",
         s.waiting_for as "waitingFor", s.wake_at as "wakeAt",
         'apr_' || s.approval_id as "approvalId", s.started_at as "startedAt"
    from aos.steps s
   where s.run_id = any ($1::uuid[])`;

const PLANS = `
  select run_id as "runUuid", version, planner, plan, hash
    from aos.plans
   where run_id = any ($1::uuid[])
   order by run_id, version`;

const APPROVALS = `
  select run_id as "runUuid", 'apr_' || id as id, tenant_id as tenant, step_key as "stepKey", kind,
         input, input_hash as "inputHash", created_at as "createdAt", decision,
         decided_by as "decidedBy", decided_at as "decidedAt"
    from aos.approvals
   where run_id = any ($1::uuid[])
   order by id`;

/** Which of these runs are not there. */
export async function missingRuns(tx: Db, runIds: readonly string[]): Promise<string[]> {
  const missing: string[] = [];
  for (let from = 0; from < runIds.length; from += MISSING_PAGE) {
    const rows = await tx.query<{ id: string }>(
      `select 'run_' || asked.id as id
         from unnest($1::uuid[]) as asked(id)
        where not exists (select from aos.runs r where r.id = asked.id)`,
      [runIds.slice(from, from + MISSING_PAGE).map((id) => uuidOf('run', id) ?? NO_UUID)],
    );
    missing.push(...rows.map(({ id }) => id));
  }
  return missing;
}

const MISSING_PAGE = 10_000;
