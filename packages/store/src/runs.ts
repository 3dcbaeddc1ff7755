import { AosError, failures, idOf, uuidOf, type Run, type Status } from '@aos/core';

import type { Db } from './db.ts';
import { WORKER_CHANNEL, type Queue } from './queue.ts';
import { runConditions, type RunFilter, type RunPlace } from './run-filter.ts';
import { RUN_VIEW, toRunView, type RunRow, type RunView } from './run-row.ts';

export type { RunFilter, RunPlace } from './run-filter.ts';
export type { RunView } from './run-row.ts';

export async function get(db: Db, id: string): Promise<RunView> {
  const rows = await db.query<RunRow>(
    `with page as (select * from aos.runs where id = $1) ${RUN_VIEW}`,
    [uuidOf('run', id) ?? null],
  );
  if (!rows[0]) throw new AosError('run_not_found', failures.run_not_found.meaning);
  return toRunView(rows[0]);
}

/** Runs looked at for one page at the most: what is asked for may be rare, or nowhere. */
export const LOOKED_AT_MAX = 10_000;

/**
 * Newest first, from behind `after`; `next` is where to read on, undefined on the last page. A page may hold
 * fewer than asked for, even none, and still have a next one: no page looks at more than 10,000 runs.
 */
export async function list(
  db: Db,
  tenant: string,
  filter: RunFilter,
  page: { readonly limit: number; readonly after?: RunPlace },
): Promise<{ readonly items: readonly RunView[]; readonly next?: RunPlace }> {
  const { found, judged, values, foundValues } = runConditions(tenant, filter, page.after);
  const looked = `
      select r.*
        from aos.runs r
       where ${found.join(' and ')}
       order by r.created_at desc, r.id desc`;
  const rows = await db.query<RunRow>(
    `with page as (
       select r.*
         from (${looked} limit ${LOOKED_AT_MAX}) as r
        ${judged.length > 0 ? `where ${judged.join(' and ')}` : ''}
        order by r.created_at desc, r.id desc
        limit $${values.length + 1} + 1) ${RUN_VIEW}`,
    [...values, page.limit],
  );
  const items = rows.slice(0, page.limit);
  const last = rows.length > page.limit ? items.at(-1) : undefined;
  const next = last
    ? { createdAt: last.place, id: idOf('run', last.id) }
    : judged.length > 0
      ? await lastLookedAt(db, looked, foundValues)
      : undefined;
  return { items: items.map(toRunView), ...(next && { next }) };
}

/** Where the look ended, when it did not reach the oldest run. */
async function lastLookedAt(
  db: Db,
  looked: string,
  parameters: readonly unknown[],
): Promise<RunPlace | undefined> {
  const rows = await db.query<{ created_at: string; id: string }>(
    `select r.created_at::text as created_at, r.id
       from (${looked} offset ${LOOKED_AT_MAX - 1} limit 1) as r`,
    parameters,
  );
  return rows[0] && { createdAt: rows[0].created_at, id: idOf('run', rows[0].id) };
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
