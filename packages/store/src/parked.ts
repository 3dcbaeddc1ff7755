import { allowance, idOf, tick, type Circuit } from '@aos/core';

import type { Database, Db } from './db.ts';
import type { Queue } from './queue.ts';
import { toCircuit, TARGET_COLUMNS, type TargetRow } from './target-row.ts';
import { decided, locked, type Changed, type TargetId } from './targets.ts';

/** Let go in one transaction at the most. */
const TICKETS_MAX = 500;

/** Steps that wait for a target and have no ticket yet. */
const PARKED = `s.status = 'waiting' and s.waiting_for = 'target' and s.wake_at is null`;
/**
 * Runs in nobody's hands that may go on: those in a worker's look for themselves, those paused must not.
 * Looked up one by one, in the order of the steps: the planner would rather join all of them first.
 */
const atRest = (lock: string) => `
       cross join lateral (
             select r.priority
               from aos.runs r
              where r.id = s.run_id and r.status = 'waiting' and r.waiting_for <> 'pause'
             offset 0 ${lock}) as r`;

/**
 * What time brings: the step that tries what was out, the next ones on the ramp, the end of it all. Every
 * worker does it; whoever is first does the work. Nothing when another one is at it.
 */
export async function tend(
  database: Database,
  queue: Queue,
  id: TargetId,
): Promise<(Changed & { readonly tickets: number }) | undefined> {
  return database.transaction(async (tx) => {
    const row = await locked(tx, id, 'skip locked');
    if (!row) return undefined;
    let tickets = 0;
    const changed = await decided(tx, id, toCircuit(row), async (circuit, now) => {
      const most = Math.min(allowance(circuit, now), TICKETS_MAX);
      const steps = most > 0 ? await readyOf(tx, id, most) : [];
      tickets = steps.length;
      await letGo(tx, queue, steps, now);
      const waiting = tickets > 0 ? tickets : await waitingFor(tx, id);
      return tick(circuit, { tickets, waiting }, now);
    });
    return { ...changed, tickets };
  });
}

interface Ready {
  readonly run_id: string;
  readonly key: string;
  readonly priority: number;
}

/** The longest waiting first. Locks their runs. */
function readyOf(tx: Db, { tenant, target }: TargetId, most: number): Promise<Ready[]> {
  return tx.query<Ready>(
    `select s.run_id, s.key, r.priority
       from (select s.run_id, s.key
               from aos.steps s
              where s.tenant_id = $1 and s.failure ->> 'target' = $2 and ${PARKED}
              order by s.tenant_id, s.failure ->> 'target', s.started_at) as s
      ${atRest('for update of r skip locked')}
      limit $3`,
    [tenant, target, most],
  );
}

async function waitingFor(tx: Db, { tenant, target }: TargetId): Promise<number> {
  const [row] = await tx.query<{ count: number }>(
    `select count(*)::int as count
       from (select
               from (select s.run_id
                       from aos.steps s
                      where s.tenant_id = $1 and s.failure ->> 'target' = $2 and ${PARKED}
                      order by s.tenant_id, s.failure ->> 'target', s.started_at) as s
              ${atRest('')}
              limit 1) as one`,
    [tenant, target],
  );
  return row?.count ?? 0;
}

async function letGo(tx: Db, queue: Queue, steps: readonly Ready[], now: Date): Promise<void> {
  if (steps.length === 0) return;
  await tx.query(
    `update aos.steps s
        set wake_at = $3
       from unnest($1::uuid[], $2::text[]) as p(run_id, key)
      where s.run_id = p.run_id and s.key = p.key and s.status = 'waiting'`,
    [steps.map(({ run_id }) => run_id), steps.map(({ key }) => key), now],
  );
  const runs = new Map(steps.map(({ run_id, priority }) => [run_id, priority]));
  // A lost job is seen by the time the run was to wake up.
  await tx.query(`update aos.runs set wake_at = $2 where id = any ($1::uuid[])`, [
    [...runs.keys()],
    now,
  ]);
  await queue.resend(
    tx,
    [...runs].map(([uuid, priority]) => ({ uuid, priority })),
  );
}

/**
 * The level-triggered backstop: what steps wait for although nobody knows that it is out. They were on
 * their way into the wait when it ended. They go on, on a ramp of their own. Returns how many targets.
 */
export async function pickUpStranded(database: Database): Promise<number> {
  const rows = await database.query<{ target: string }>(
    `with stranded as materialized (
       select s.tenant_id, s.failure ->> 'target' as target, min(s.started_at) as since,
              min((s.failure - 'target')::text)::jsonb as failure
         from aos.steps s
         left join aos.targets t on t.tenant_id = s.tenant_id and t.target = s.failure ->> 'target'
                                and t.state <> 'clear'
        where ${PARKED} and t.target is null
        group by 1, 2)
     insert into aos.targets as kept (tenant_id, target, state, since, out_since, failure)
     select p.tenant_id, p.target, 'releasing', date_trunc('milliseconds', now()), p.since, p.failure
       from stranded p
      where exists (select
                      from (select s.run_id
                              from aos.steps s
                             where s.tenant_id = p.tenant_id and s.failure ->> 'target' = p.target
                               and ${PARKED}) as s
                     ${atRest('')})
         on conflict (tenant_id, target) do update
        set state = 'releasing', since = excluded.since, released = 0, out_since = excluded.out_since,
            failure = excluded.failure, changed_at = now()
      where kept.state = 'clear'
  returning target`,
  );
  return rows.length;
}

/** A target as its tenant sees it, with those who wait for it. */
export interface TargetView {
  readonly target: string;
  readonly circuit: Circuit;
  readonly parked: {
    readonly steps: number;
    readonly runs: number;
    readonly oldest?: Date;
    /** A run that waits for it. */
    readonly example?: string;
  };
}

/** What is out of the tenant the transaction acts for, the longest first. */
export async function listOf(tx: Db, target?: string): Promise<TargetView[]> {
  const rows = await tx.query<
    TargetRow & {
      steps: number;
      runs: number;
      oldest: Date | null;
      example: string | null;
    }
  >(
    `select ${TARGET_COLUMNS}, p.steps, p.runs, p.oldest, p.example
       from aos.targets t
      cross join lateral (
            select count(*)::int as steps, count(distinct s.run_id)::int as runs,
                   min(s.started_at) as oldest, min(s.run_id::text) as example
              from aos.steps s
             where s.tenant_id = t.tenant_id and s.failure ->> 'target' = t.target
               and s.status = 'waiting' and s.waiting_for = 'target') as p
      where t.state <> 'clear' and ($1::text is null or t.target = $1)
      order by t.out_since, t.target
      limit ${LIST_MAX}`,
    [target ?? null],
  );
  return rows.map(({ steps, runs, oldest, example, ...row }) => ({
    target: row.target,
    circuit: toCircuit(row),
    parked: {
      steps,
      runs,
      ...(oldest && { oldest }),
      ...(example && { example: idOf('run', example) }),
    },
  }));
}

/** More at once would be no list to read. */
const LIST_MAX = 500;

export interface ParkedGauges {
  readonly targetsOpen: number;
  readonly stepsParked: number;
  readonly parkedAgeSeconds: number;
}

export async function gauges(db: Db): Promise<ParkedGauges> {
  const [row] = await db.query<Record<string, string | number>>(
    `select targets_open, steps_parked, parked_age_seconds from aos.target_gauges()`,
  );
  return {
    targetsOpen: Number(row?.['targets_open'] ?? 0),
    stepsParked: Number(row?.['steps_parked'] ?? 0),
    parkedAgeSeconds: Number(row?.['parked_age_seconds'] ?? 0),
  };
}
