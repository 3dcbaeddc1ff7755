import type { SkillManifest } from '@aos/core';

import type { Database, Db } from './db.ts';
import type { Queue } from './queue.ts';
import { retryConflicts } from './retry-conflicts.ts';

/** A worker that does not renew for this long is dead. */
export const LEASE_MS = 5_000;
export const RENEW_EVERY_MS = 1_500;
/** By its own clock a worker stops this long before others may take its runs. */
export const LEASE_MARGIN_MS = 1_200;

export interface NewWorker {
  readonly uuid: string;
  readonly host: string;
  readonly pid: number;
  readonly version: string;
  readonly port?: number;
  /** Where its metrics are reached, when that is not its host. */
  readonly address?: string;
  readonly slots: number;
  readonly skills: readonly SkillManifest[];
  /** The same in all lives of one process. */
  readonly processId: string;
  /** It takes only runs that seem to kill their workers, one at a time. */
  readonly quarantine: boolean;
}

/** The number of the advisory lock that a worker's LISTEN connection holds while it lives. */
export function lockKeyOf(uuid: string): bigint {
  return BigInt.asIntN(64, BigInt(`0x${uuid.replaceAll('-', '').slice(16)}`));
}

/**
 * Call it only with the lock held: a live row with a free lock is taken for dead. Returns the time of the
 * database.
 */
export async function register(db: Db, worker: NewWorker): Promise<Date> {
  const rows = await db.query<{ at: Date }>(
    `insert into aos.workers (id, host, pid, version, port, slots, skills, lock_key, lease_until,
                              process_id, quarantine, address)
     values ($1, $2, $3, $4, $5, $6, $7, $8, now() + $9 * interval '1 ms', $10, $11, $12)
     returning clock_timestamp() as at`,
    [
      worker.uuid,
      worker.host,
      worker.pid,
      worker.version,
      worker.port ?? null,
      worker.slots,
      worker.skills.map(({ name, version }) => `${name}@${version}`),
      lockKeyOf(worker.uuid).toString(),
      LEASE_MS,
      worker.processId,
      worker.quarantine,
      worker.address ?? null,
    ],
  );
  return rows[0]?.at ?? new Date();
}

export interface Renewal {
  /** False: the lease ran out and others may have the runs. */
  readonly held: boolean;
  /** Runs of this worker that somebody wants cancelled. */
  readonly cancelling: readonly { readonly uuid: string; readonly by: string }[];
  /** Runs of this worker that somebody wants at rest. */
  readonly pausing: readonly { readonly uuid: string; readonly by: string }[];
  /** The time of the database. */
  readonly at?: Date;
}

/** `gated` is why it takes no new runs now. */
export async function renew(db: Db, uuid: string, gated?: string): Promise<Renewal> {
  const rows = await db.query<{
    at: Date;
    cancelling: { uuid: string; by: string }[] | null;
    pausing: { uuid: string; by: string }[] | null;
  }>(
    `update aos.workers
        set lease_until = now() + $2 * interval '1 ms', gated = $3
      where id = $1 and state in ('live', 'stopping') and lease_until > now()
  returning clock_timestamp() as at, (select jsonb_agg(jsonb_build_object('uuid', r.id, 'by', r.cancel_requested_by))
               from aos.runs r
              where r.worker_id = $1 and r.cancel_requested_at is not null
                and r.status <> 'finished') as cancelling,
            (select jsonb_agg(jsonb_build_object('uuid', r.id, 'by', r.pause_requested_by))
               from aos.runs r
              where r.worker_id = $1 and r.pause_requested_at is not null
                and r.status = 'running') as pausing`,
    [uuid, LEASE_MS, gated ?? null],
  );
  const [row] = rows;
  return {
    held: row !== undefined,
    cancelling: row?.cancelling ?? [],
    pausing: row?.pausing ?? [],
    ...(row && { at: row.at }),
  };
}

/** Why live workers take no new runs now: one entry for each that does not. */
export async function gates(db: Db): Promise<string[]> {
  const rows = await db.query<{ gated: string }>(
    `select gated from aos.workers
      where state = 'live' and lease_until > now() and gated is not null
      order by id`,
  );
  return rows.map(({ gated }) => gated);
}

/** It takes no new runs. */
export async function stopping(db: Db, uuid: string): Promise<void> {
  await db.query(`update aos.workers set state = 'stopping' where id = $1 and state = 'live'`, [
    uuid,
  ]);
}

/** It ended by itself and holds nothing any more. Waits for what it is still writing. */
export async function stopped(db: Db, uuid: string): Promise<void> {
  await db.query(
    `update aos.workers
        set state = 'stopped', ended_at = now()
      where id in (select id from aos.workers
                    where id = $1 and state in ('live', 'stopping')
                      for update)`,
    [uuid],
  );
}

/**
 * Other workers that seem dead: their lease ran out, or nobody holds their lock any more. A process that
 * is killed loses its connection, so its lock is free at once.
 */
export async function suspects(db: Db, self: string): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `with others as materialized (
       select id, lock_key, lease_until
         from aos.workers
        where state in ('live', 'stopping') and id <> $1)
     select id from others
      where lease_until < now() or pg_try_advisory_xact_lock(lock_key)`,
    [self],
  );
  return rows.map(({ id }) => id);
}

/** Of one run; three matter. */
const LOST_CLAIMS_MAX = 8;

/**
 * Declares workers dead and gives their runs back to the queue, ahead of new ones. Raising the epoch
 * refuses whatever a worker that was merely frozen still tries to write. The runs keep who died with them in
 * hand, except where the server's own restart ended the life: nobody need have died of that. Returns the runs.
 */
export async function rescue(
  database: Database,
  queue: Queue,
  dead: readonly string[],
): Promise<string[]> {
  return inOne(database, async (tx) => {
    const declared = await tx.query<{ id: string; cut: boolean }>(
      `update aos.workers
          set state = 'lost', ended_at = now()
        where id in (select w.id
                       from aos.workers w
                      where w.id = any ($1::uuid[])
                        and w.state in ('live', 'stopping')
                        and (w.lease_until < now() or pg_try_advisory_xact_lock(w.lock_key))
                        for update skip locked)
    returning id, started_at < pg_postmaster_start_time() as cut`,
      [dead],
    );
    if (declared.length === 0) return [];
    const runs = await tx.query<{ id: string; priority: number }>(
      `update aos.runs
          set status = 'queued', worker_id = null, epoch = epoch + 1,
              lost_claims = case when worker_id = any ($2::uuid[])
                                 then (lost_claims || row(epoch, worker_id)::aos.lost_claim)
                                        [greatest(1, cardinality(lost_claims) - ${LOST_CLAIMS_MAX - 2}):]
                                 else lost_claims end
        where worker_id = any ($1::uuid[])
    returning id, priority`,
      [declared.map(({ id }) => id), declared.filter(({ cut }) => !cut).map(({ id }) => id)],
    );
    await queue.resend(tx, runs.map(toDispatch));
    return runs.map(({ id }) => id);
  });
}

/**
 * The level-triggered backstop: runs that should be on their way and have no job, and runs that are held
 * by a worker which is no more, whatever the cause. Returns how many it sent again.
 */
export async function dispatchForgotten(database: Database, queue: Queue): Promise<number> {
  return inOne(database, async (tx) => {
    const forgotten = await queue.forgotten(tx, FORGOTTEN_AFTER_S, FORGOTTEN_MAX);
    const orphans = await tx.query<{ id: string; priority: number }>(ORPHANS, [FORGOTTEN_MAX]);
    const runs = [...forgotten, ...orphans];
    await queue.resend(tx, runs.map(toDispatch));
    return runs.length;
  });
}

const ORPHANS = `
  update aos.runs
     set status = 'queued', worker_id = null, epoch = epoch + 1
   where id in (select r.id
                  from aos.runs r
                 where r.status = 'running'
                   and not exists (select 1 from aos.workers w
                                    where w.id = r.worker_id and w.state in ('live', 'stopping'))
                 order by r.id
                 limit $1
                   for update skip locked)
returning id, priority`;

const FORGOTTEN_AFTER_S = 30;
const FORGOTTEN_MAX = 500;

/** Rows of workers that ended long ago; their tallies stay. */
export async function prune(db: Db): Promise<void> {
  await db.query(`delete from aos.workers where ended_at < now() - interval '1 day'`);
}

function inOne<T>(database: Database, work: (tx: Db) => Promise<T>): Promise<T> {
  return retryConflicts(() => database.transaction(work));
}

function toDispatch({ id, priority }: { readonly id: string; readonly priority: number }) {
  return { uuid: id, priority };
}
