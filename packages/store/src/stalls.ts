import type { Db } from './db.ts';

/** A run that was claimed before, without an end, and how often that was all that happened. */
export interface Stalled {
  readonly id: string;
  /** Claims since its last progress whose process died, or may have. */
  readonly stalls: number;
}

/**
 * Of the runs that wait for a worker, how many claims in a row ended with nothing but the death of their
 * process. Every claim and every rescue raises the epoch by one, so epochs without a fact are counted in
 * pairs; a claim whose process went on to another life is not. There are never more than processes that died
 * since: one that was cut off between its claim and its first fact is not told by the run. Locks the rows.
 */
export async function of(tx: Db, uuids: readonly string[]): Promise<Stalled[]> {
  if (uuids.length === 0) return [];
  const rows = await tx.query<{ id: string; stalls: number }>(STALLS, [uuids]);
  return rows.map(({ id, stalls }) => ({ id, stalls: Math.max(0, stalls) }));
}

const STALLS = `
  with asked as materialized (
    select id, epoch
      from aos.runs
     where id = any ($1::uuid[]) and status in ('queued', 'waiting')
       for update),
  counted as (
    select a.id, p.at,
           ((a.epoch + 1 - p.epoch) / 2 - 1
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
  select c.id,
         case when c.stalls <= 0 then 0
              else least(c.stalls,
                         (select count(distinct w.process_id)
                            from aos.workers w
                           where w.state = 'lost' and w.ended_at > c.at
                             and not exists (select from aos.workers n
                                              where n.process_id = w.process_id
                                                and n.started_at > w.started_at)))
          end::int as stalls
    from counted c`;
