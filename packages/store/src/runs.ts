import {
  AosError,
  failures,
  idOf,
  uuidOf,
  type Outcome,
  type PlannerName,
  type Run,
  type Status,
  type WaitingFor,
} from '@aos/core';

import type { Db } from './db.ts';
import { WORKER_CHANNEL, type Queue } from './queue.ts';
import { RUN_VIEW, toRunView, type RunRow, type RunView } from './run-row.ts';

export type { RunView } from './run-row.ts';

export interface RunFilter {
  readonly status?: Status;
  readonly outcome?: Outcome;
  readonly waitingFor?: WaitingFor;
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

export async function get(db: Db, id: string): Promise<RunView> {
  const rows = await db.query<RunRow>(
    `with page as (select * from aos.runs where id = $1) ${RUN_VIEW}`,
    [uuidOf('run', id) ?? null],
  );
  if (!rows[0]) throw new AosError('run_not_found', failures.run_not_found.meaning);
  return toRunView(rows[0]);
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
          and ($15::text is null or r.waiting_for = $15)
        order by r.created_at desc, r.id desc
        limit $4 + 1) ${RUN_VIEW}`,
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
      filter.waitingFor ?? null,
    ],
  );
  const items = rows.slice(0, page.limit);
  const last = rows.length > page.limit ? items.at(-1) : undefined;
  return {
    items: items.map(toRunView),
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
    await tx.query(`select pg_notify('${WORKER_CHANNEL}', 'cancel ' || $1)`, [uuid]);
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
  await queue.resend(tx, [{ uuid, priority }]);
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
