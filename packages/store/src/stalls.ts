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
 * pairs; a claim whose process went on to another life is not. Locks the rows.
 */
export async function of(tx: Db, uuids: readonly string[]): Promise<Stalled[]> {
  if (uuids.length === 0) return [];
  const rows = await tx.query<{ id: string; stalls: number }>(STALLS, [uuids]);
  return rows.map(({ id, stalls }) => ({ id, stalls: Math.max(0, stalls) }));
}

/** What `aos adopt` adds to the epoch of every run that is not finished; no claim is behind it. */
const ADOPTED_EPOCHS = 100_000;

const STALLS = `
  with asked as materialized (
    select id, epoch
      from aos.runs
     where id = any ($1::uuid[]) and status in ('queued', 'waiting')
       for update)
  select a.id,
         (((a.epoch + 1 - p.epoch) % ${ADOPTED_EPOCHS}) / 2 - 1
           - (select count(*)
                from aos.events s
                join aos.workers w on w.id = substr(s.data ->> 'workerId', 5)::uuid
               where s.run_id = a.id and s.epoch > p.epoch and s.type = 'run.started'
                 and exists (select from aos.workers n
                              where n.process_id = w.process_id and n.started_at > w.started_at)))::int as stalls
    from asked a
   cross join lateral (
         select coalesce(max(e.epoch), -1) as epoch
           from aos.events e
          where e.run_id = a.id and e.epoch > 0
            and e.type not in ('run.started', 'step.started')) as p`;
