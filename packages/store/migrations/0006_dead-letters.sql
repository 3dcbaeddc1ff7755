-- Up Migration

-- A run that ended failed, with all that is needed to understand and repair it. Written in the commit
-- that ends the run; a finished run never changes, so there is one letter a run and it has the run's id.
-- Open until the run is run again or somebody discards it.
create table aos.dead_letters (
  tenant_id      text not null,
  run_id         uuid primary key,
  -- The first run of the lineage, and how many letters of it came before this one.
  root_run_id    uuid not null,
  redrives       int not null default 0 check (redrives >= 0),
  epoch          int not null,
  agent          text not null,
  agent_version  int not null,
  code           text not null,
  category       text not null,
  failure        jsonb not null,
  -- The step that failed, when one did. Its input is resolved from plan, goal and outputs, which never
  -- change; the hash says that it is the one it had.
  step_key       text,
  skill          text,
  skill_version  text,
  attempts       int not null default 0,
  input_hash     text,
  plan_version   int,
  plan_hash      text,
  -- Of every step that began.
  skill_versions jsonb not null default '{}',
  cost_usd       numeric not null default 0,
  -- What makes two failures the same case, and the words of it.
  fingerprint    text not null check (fingerprint ~ '^[0-9a-f]{24}$'),
  message        text not null,
  at             timestamptz not null default clock_timestamp(),
  redriven_as    uuid,
  redriven_at    timestamptz,
  redriven_by    text,
  discarded_at   timestamptz,
  discarded_by   text,
  discard_reason text,
  foreign key (tenant_id, run_id) references aos.runs (tenant_id, id),
  foreign key (tenant_id, redriven_as) references aos.runs (tenant_id, id),
  constraint settled_once check (redriven_as is null or discarded_at is null),
  constraint redriven_whole check (
    (redriven_as is null) = (redriven_at is null) and (redriven_as is null) = (redriven_by is null)),
  constraint discarded_whole check (
    (discarded_at is null) = (discarded_by is null) and (discarded_at is null) = (discard_reason is null)),
  constraint step_whole check ((step_key is null) = (skill is null))
);
create index dead_letters_by_time on aos.dead_letters (tenant_id, at desc, run_id desc);
create index dead_letters_by_case on aos.dead_letters (tenant_id, fingerprint, at desc, run_id desc);
create index dead_letters_open on aos.dead_letters (tenant_id, fingerprint, run_id)
  where redriven_as is null and discarded_at is null;
create index dead_letters_lineage on aos.dead_letters (root_run_id);
call aos.isolate('dead_letters',
  'select, update (redriven_as, redriven_at, redriven_by, discarded_at, discarded_by, discard_reason)',
  'select, insert');

-- What people say about a cause. Counts, cost and times are read from the letters, so that a thousand
-- failures at once have no row to wait for. A cause that nobody spoke about has no row and is open.
create table aos.cases (
  tenant_id   text not null references aos.tenants,
  fingerprint text not null,
  state       text not null default 'open' check (state in ('open', 'muted', 'fixed', 'resolved')),
  owner       text,
  note        text,
  -- The skill version that has the cure (`fixed`), or the newest that was seen failing (`resolved`).
  version     text,
  changed_at  timestamptz not null default clock_timestamp(),
  changed_by  text not null,
  primary key (tenant_id, fingerprint),
  constraint fixed_has_version check (state <> 'fixed' or version is not null)
);
call aos.isolate('cases', 'select, insert, update', 'select');

-- Versions by their numbers; what is none counts as the first of all.
create function aos.version_parts(version text) returns int[]
  language sql immutable parallel safe
  return case when version ~ '^\d{1,8}(\.\d{1,8}){0,3}(-|\+|$)'
              then string_to_array(substring(version from '^[\d.]+'), '.')::int[]
              else array[0] end;

-- Whether a failure undoes what was said about its case: it came later, on that version or a newer one.
create function aos.reopens(state text, said_at timestamptz, version text, failed_at timestamptz, failed_version text)
  returns boolean
  language sql immutable parallel safe
  return state in ('fixed', 'resolved')
     and failed_at > said_at
     and aos.version_parts(failed_version) >= aos.version_parts(version);

-- Who came from whom.
create index runs_by_origin on aos.runs (origin_run_id) where origin_run_id is not null;
-- Runs that must have a letter.
create index runs_failed on aos.runs (id) where outcome = 'failed';

create function aos.repair_gauges()
  returns table (letters_open bigint, cases_open bigint)
  language sql stable security definer set search_path = aos, pg_temp
as $$
  with open as (
    select d.tenant_id, d.fingerprint, count(*) as letters,
           bool_or(aos.reopens(c.state, c.changed_at, c.version, d.at, d.skill_version)) as again,
           min(c.state) as said
      from aos.dead_letters d
      left join aos.cases c using (tenant_id, fingerprint)
     where d.redriven_as is null and d.discarded_at is null
     group by d.tenant_id, d.fingerprint)
  select coalesce(sum(letters), 0)::bigint,
         count(*) filter (where coalesce(said, 'open') = 'open' or again)
    from open
$$;
revoke execute on function aos.repair_gauges from public;
grant execute on function aos.repair_gauges to aos_api, aos_worker, aos_reader;
