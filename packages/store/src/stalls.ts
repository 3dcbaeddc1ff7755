import type { Db } from './db.ts';

/** A run that was claimed before, without an end, and how often that was all that happened. */
export interface Stalled {
  readonly id: string;
  /** Claims since its last progress whose process died, or may have. */
  readonly stalls: number;
  /** Of these, how many processes have been away for so long that they will not come back. */
  readonly proven: number;
  /** When those that are away now will have come back, if they live. */
  readonly certainAt: Date;
}

/**
 * Of the runs that wait for a worker, how many claims in a row ended with nothing but the death of their
 * process. Every claim and every rescue raises the epoch by one, so epochs without a fact are counted in
 * pairs; a claim whose process went on to another life is not. There are never more than processes that died
 * since: one that was cut off between its claim and its first fact is not told by the run. Locks the rows.
 */
export async function of(tx: Db, uuids: readonly string[]): Promise<Stalled[]> {
  if (uuids.length === 0) return [];
  return tx.query<Stalled>(STALLS, [uuids, RETURN_MS]);
}

/** A process that was cut off has another life by then. */
const RETURN_MS = 5_000;

/** What `aos adopt` adds to the epoch of every run that is not finished; no claim is behind it. */
const ADOPTED_EPOCHS = 100_000;

const STALLS = `
  with asked as materialized (
    select id, epoch
      from aos.runs
     where id = any ($1::uuid[]) and status in ('queued', 'waiting')
       for update),
  counted as (
    select a.id, p.at,
           greatest(0,
             ((a.epoch + 1 - p.epoch) % ${ADOPTED_EPOCHS}) / 2 - 1
               - (select count(*)
                    from aos.events s
                    join aos.workers w on w.id = substr(s.data ->> 'workerId', 5)::uuid
                   where s.run_id = a.id and s.epoch > p.epoch and s.type = 'run.started'
                     and exists (select from aos.workers n
                                  where n.process_id = w.process_id and n.started_at > w.started_at)))::int as stalls
      from asked a
     cross join lateral (
           select coalesce(max(e.epoch), -1) as epoch,
                  -- By the clock of who wrote it: one that is ahead tells nothing.
                  case when max(e.at) <= now() then max(e.at) else '-infinity' end as at
             from aos.events e
            where e.run_id = a.id and e.epoch > 0
              and e.type not in ('run.started', 'step.started')) as p)
  select c.id, least(c.stalls, d.deaths) as stalls, least(c.stalls, d.certain) as proven,
         now() + $2 * interval '1 ms' as "certainAt"
    from counted c
   cross join lateral (
         select count(distinct w.process_id)::int as deaths,
                (count(distinct w.process_id)
                   filter (where w.ended_at < now() - $2 * interval '1 ms'))::int as certain
           from aos.workers w
          where c.stalls > 0 and w.state = 'lost' and w.ended_at > c.at
            and not exists (select from aos.workers n
                             where n.process_id = w.process_id and n.started_at > w.started_at)) as d`;
