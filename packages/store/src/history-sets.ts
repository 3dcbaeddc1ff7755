import type { Db } from './db.ts';

/** Something that a question about whole tables found; `run` where it is about one. */
export interface Finding {
  readonly run: string | null;
  readonly evidence: string;
}

/** As many as a person reads; whoever needs all of them mends these and looks again. */
const FINDINGS_MAX = 1_000;

/** Jobs that will make a worker look at a run that has ended, or that is not there. */
export function jobsWithoutReason(tx: Db): Promise<Finding[]> {
  return tx.query(
    `select 'run_' || j.id as run,
            format('A job is %s, but the run %s.', j.state,
                   case when r.id is null then 'does not exist' else 'has finished' end) as evidence
       from pgboss.job j
       left join aos.runs r on r.id = j.id
      where j.name = 'runs'
        and j.state in ('created', 'retry', 'active')
        and (r.id is null or r.status = 'finished')
      order by j.id
      limit ${FINDINGS_MAX}`,
  );
}

/**
 * Counters that do not equal the journal they were raised with. Once old runs were removed, counters may
 * know more than what is left.
 */
export function talliesThatDiffer(tx: Db): Promise<Finding[]> {
  return tx.query(
    `with told as (
       select metric, label_a, label_b, sum(value)::bigint as n
         from aos.tallies
        where metric in ('runs', 'skill_attempts')
        group by 1, 2, 3),
     facts as (
       select 'runs' as metric, e.data ->> 'outcome' as label_a, r.planner as label_b, count(*) as n
         from aos.events e
         join aos.runs r on r.id = e.run_id
        where e.type = 'run.finished'
        group by 2, 3
       union all
       select 'skill_attempts', data ->> 'skill', '', count(*)
         from aos.events
        where type in ('step.completed', 'step.failed') and (data ->> 'attempt')::int > 0
        group by 2)
     select null as run,
            format('The tallies say %s %s %s: %s; the journal: %s.', metric, label_a, label_b,
                   coalesce(told.n, 0), coalesce(facts.n, 0)) as evidence
       from told full join facts using (metric, label_a, label_b)
      where told.n is distinct from facts.n
        and not (coalesce(told.n, 0) > coalesce(facts.n, 0) and ${SOME_REMOVED})
      order by metric, label_a, label_b`,
  );
}

/** Old runs are removed as a whole, and their events later: nothing else may be without its run. */
const SOME_REMOVED = `(
        (select dropped_to > 0 from aos.log_state)
        or exists (select from aos.events e
                    where e.type = 'run.finished'
                      and not exists (select from aos.runs r where r.id = e.run_id)))`;

/** Runs are kept for at least so long. */
const REMOVED_AFTER = `interval '1 day'`;

/** Two keys that name one run: one of the two requests was answered with the run of another. */
export function keysOfOneRun(tx: Db): Promise<Finding[]> {
  return tx.query(
    `select 'run_' || run_id as run,
            format('%s idempotency keys name it.', count(*)) as evidence
       from aos.idempotency_keys
      group by run_id
     having count(*) > 1
      limit ${FINDINGS_MAX}`,
  );
}

export interface BelongingFinding extends Finding {
  readonly missing: boolean;
}

/** Its run is a place in the log: it may be removed by now, or lie behind everything. */
const PLACES = 'consumer_parts';

/** Rows that name a run of another tenant, or one that is not there, in every table that has both. */
export async function rowsThatDoNotBelong(tx: Db): Promise<BelongingFinding[]> {
  const tables = await tx.query<{ name: string }>(
    `select t.table_name as name
       from information_schema.columns c
       join information_schema.tables t using (table_schema, table_name)
      where c.table_schema = 'aos' and t.table_type = 'BASE TABLE'
        and c.column_name in ('tenant_id', 'run_id') and t.table_name <> '${PLACES}'
      group by t.table_name
     having count(*) = 2
      order by 1`,
  );
  const findings: BelongingFinding[] = [];
  for (const { name } of tables) {
    findings.push(
      ...(await tx.query<BelongingFinding>(
        `select 'run_' || t.run_id as run, r.id is null as missing,
                format('A row of %s is of the tenant %s; the run %s.', '${name}', t.tenant_id,
                       coalesce('is of ' || r.tenant_id, 'does not exist')) as evidence
           from aos.${name} t
           left join aos.runs r on r.id = t.run_id
          where t.run_id is not null and r.tenant_id is distinct from t.tenant_id
            ${name === 'events' ? `and not (r.id is null and ${REMOVED})` : ''}
          limit ${FINDINGS_MAX}`,
      )),
    );
  }
  return findings;
}

const REMOVED = `exists (
              select from aos.events e
               where e.run_id = t.run_id and e.type = 'run.finished'
                 and e.at < now() - ${REMOVED_AFTER})`;

/** Events that an earlier incarnation of the database wrote after the present one had begun. */
export function eventsOfBefore(tx: Db): Promise<Finding[]> {
  return tx.query(
    `select 'run_' || e.run_id as run,
            format('The event at %s is of an incarnation that was over by then.', e.seq) as evidence
       from aos.incarnation i
       join aos.events e on e.position < i.floor and e.at > i.began_at + interval '1 minute'
      order by e.run_id
      limit ${FINDINGS_MAX}`,
  );
}

/** Tables of tenants whose rows are not shut away from other tenants. */
export function openTables(tx: Db): Promise<Finding[]> {
  return tx.query(
    `select null as run,
            format('Row-level security of %s is not forced.', c.relname) as evidence
       from pg_class c
       join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
      where c.relnamespace = 'aos'::regnamespace
        and c.relkind in ('r', 'p')
        and not (c.relrowsecurity and c.relforcerowsecurity)
      order by c.relname`,
  );
}

/** Triggers that hold an invariant; a database without one may break it unseen. */
export function missingTrigger(tx: Db, table: string, trigger: string): Promise<Finding[]> {
  return tx.query(
    `select null as run, format('The trigger %s of %s does not watch.', $2::text, $1::text) as evidence
      where not exists (select from pg_trigger
                         where tgrelid = ('aos.' || $1)::regclass and tgname = $2
                           and tgenabled in ('O', 'A'))`,
    [table, trigger],
  );
}

/** Services that could change what must stay as it was written. */
export function writableJournal(tx: Db): Promise<Finding[]> {
  return tx.query(
    `select distinct null as run, format('%s may %s events.', role, lower(privilege)) as evidence
       from unnest(array['aos_api', 'aos_worker', 'aos_reader', 'public']) as role,
            unnest(array['UPDATE', 'DELETE', 'TRUNCATE']) as privilege,
            (select 'aos.events'::regclass::oid
              union all
             select inhrelid from pg_inherits where inhparent = 'aos.events'::regclass) as j(journal)
      where has_table_privilege(role::name, journal, privilege)
      order by 2`,
  );
}
