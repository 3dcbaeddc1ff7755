-- Up Migration

-- A run and its step may wait for what the step reaches: a host, a model, a database that is out.
alter table aos.runs
  drop constraint runs_waiting_for_check,
  add constraint runs_waiting_for_check
    check (waiting_for in ('retry', 'approval', 'review', 'pause', 'target')) not valid;
alter table aos.runs validate constraint runs_waiting_for_check;
alter table aos.steps
  drop constraint steps_waiting_for_check,
  add constraint steps_waiting_for_check
    check (waiting_for in ('retry', 'approval', 'review', 'target')) not valid;
alter table aos.steps validate constraint steps_waiting_for_check;

-- The steps that wait for a target, the longest waiting first; its name stands in their failure, their
-- ticket in wake_at.
create index steps_parked on aos.steps (tenant_id, (failure ->> 'target'), started_at)
  where status = 'waiting' and waiting_for = 'target';

-- What is known of what steps reach, shared by all workers. No row: nobody has had trouble with it.
-- core/target.ts decides what follows from what.
create table aos.targets (
  tenant_id  text not null references aos.tenants,
  target     text not null check (length(target) between 1 and 300),
  state      text not null check (state in ('clear', 'out', 'parked', 'probing', 'releasing')),
  -- When the state began to count (probing, releasing), and when it ends by itself.
  since      timestamptz,
  until      timestamptz,
  -- probing: the step that tries has begun. releasing: how many were let go.
  begun      boolean not null default false,
  released   int not null default 0,
  out_since  timestamptz,
  failure    jsonb,
  parked_by  text,
  trips      int not null default 0,
  failed     bigint not null default 0,
  -- What was heard in the last seconds.
  heard      jsonb not null default '[]',
  changed_at timestamptz not null default now(),
  primary key (tenant_id, target)
);
create index targets_not_clear on aos.targets (state) where state <> 'clear';
call aos.isolate('targets', 'select, insert, update', 'select, insert, update, delete');

-- For the metrics: how many targets are out, and who waits for them.
create function aos.target_gauges()
  returns table (targets_open bigint, steps_parked bigint, parked_age_seconds double precision)
  language sql stable security definer set search_path = aos, pg_temp
as $$
  select (select count(*) from aos.targets where state <> 'clear'),
         count(*),
         coalesce(extract(epoch from now() - min(started_at)), 0)::double precision
    from aos.steps
   where status = 'waiting' and waiting_for = 'target'
$$;
revoke execute on function aos.target_gauges from public;
grant execute on function aos.target_gauges to aos_api, aos_worker, aos_reader;

-- What says how many workers are needed. `ready`: runs that could start now.
create function aos.scale_facts()
  returns table (ready bigint, running bigint, queue_age_seconds double precision,
                 workers_live bigint, slots_live bigint)
  language sql stable security definer set search_path = aos, pg_temp
as $$
  select count(*) filter (where status = 'queued' and (start_at is null or start_at <= now())),
         count(*) filter (where status = 'running'),
         coalesce(extract(epoch from now() - min(greatest(created_at, start_at)) filter (
           where status = 'queued' and (start_at is null or start_at <= now()))), 0)::double precision,
         (select count(*) from aos.workers where state = 'live' and lease_until > now()),
         (select coalesce(sum(slots), 0) from aos.workers where state = 'live' and lease_until > now())
    from aos.runs
   where status in ('queued', 'running')
$$;
revoke execute on function aos.scale_facts from public;
grant execute on function aos.scale_facts to aos_api, aos_worker, aos_reader;
