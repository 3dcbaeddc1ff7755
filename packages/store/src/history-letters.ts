import type { Db } from './db.ts';
import type { Finding } from './history-sets.ts';

const FINDINGS_MAX = 1_000;

/**
 * Failed runs without a letter, letters that do not tell what the run does, redrives that are not linked,
 * and letters that operations redrove twice or more often than a lineage allows.
 */
export function lettersThatFail(tx: Db, redrivesMax: number): Promise<Finding[]> {
  return tx.query(
    `select 'run_' || r.id as run, 'It failed and has no dead letter.' as evidence
       from aos.runs r
      where r.outcome = 'failed'
        and not exists (select from aos.dead_letters d where d.run_id = r.id)
     union all
     select 'run_' || d.run_id,
            case when r.outcome is distinct from 'failed' then 'It has a dead letter and did not fail.'
                 when d.code is distinct from coalesce(e.code, r.failure_code, d.code)
                   then format('Its dead letter says %s, its journal %s.', d.code, coalesce(e.code, r.failure_code))
                 when d.epoch <> r.epoch then format('Its dead letter is of epoch %s.', d.epoch)
                 else 'Its dead letter names a plan that it does not have.' end
       from aos.dead_letters d
       left join aos.runs r on r.id = d.run_id
       left join aos.plans p on p.run_id = d.run_id and p.version = d.plan_version
       left join lateral (
            select x.data -> 'failure' ->> 'code' as code from aos.events x
             where x.run_id = d.run_id and x.type = 'run.finished' order by x.seq desc limit 1) as e on true
      where r.outcome is distinct from 'failed'
         or d.code is distinct from coalesce(e.code, r.failure_code, d.code)
         or d.epoch <> r.epoch
         or d.plan_hash is distinct from p.hash
     union all
     select 'run_' || d.run_id, format('It was redriven as %s, which does not come from it.', d.redriven_as)
       from aos.dead_letters d
       left join aos.runs n on n.id = d.redriven_as
      where d.redriven_as is not null
        and n.origin_run_id is distinct from d.run_id
     union all
     select 'run_' || d.run_id, format('Its place in the lineage is %s.', d.redrives)
       from aos.dead_letters d
       join aos.runs r on r.id = d.run_id
       left join aos.dead_letters o on o.run_id = r.origin_run_id
      where d.redrives <> coalesce(o.redrives + 1, 0)
         or d.root_run_id <> coalesce(o.root_run_id, d.run_id)
     union all
     select 'run_' || i.run_id,
            format('Operations ran it again %s times, after %s redrives.', count(*), max(d.redrives))
       from aos.operation_items i
       join aos.dead_letters d on d.run_id = i.run_id
      where i.state = 'started' and i.new_run_id is not null
      group by i.run_id
     having count(*) > 1 or max(d.redrives) >= $1
      limit ${FINDINGS_MAX}`,
    [redrivesMax],
  );
}
