import type { Db } from './db.ts';

/** A run that was claimed before, without an end, and how often that was all that happened. */
export interface Stalled {
  readonly id: string;
  /** Processes that died with it in hand since its last progress, or may have. */
  readonly stalls: number;
  /** Of these, how many processes have been away for so long that they will not come back. */
  readonly proven: number;
  /** When those that are away now will have come back, if they live. */
  readonly certainAt: Date;
}

/**
 * Of the runs that wait for a worker, how many processes died with them in hand since they last got
 * anywhere. A process that went on to another life was cut off, and did not die. Locks the rows.
 */
export async function of(tx: Db, uuids: readonly string[]): Promise<Stalled[]> {
  if (uuids.length === 0) return [];
  return tx.query<Stalled>(STALLS, [uuids, RETURN_MS]);
}

/** A process that was cut off has another life by then. */
const RETURN_MS = 10_000;

const STALLS = `
  with asked as materialized (
    select id, lost_claims
      from aos.runs
     where id = any ($1::uuid[]) and status in ('queued', 'waiting')
       for update)
  select a.id, d.stalls, d.proven, now() + $2 * interval '1 ms' as "certainAt"
    from asked a
   cross join lateral (
         select count(distinct w.process_id)::int as stalls,
                (count(distinct w.process_id)
                   filter (where w.ended_at < now() - $2 * interval '1 ms'))::int as proven
           from unnest(a.lost_claims) as l
           join aos.workers w on w.id = l.worker_id
          where l.epoch > (select coalesce(max(e.epoch), -1)
                             from aos.events e
                            where e.run_id = a.id and e.type not in ('run.started', 'step.started'))
            and not exists (select from aos.workers n
                             where n.process_id = w.process_id and n.started_at > w.started_at)) as d`;
