-- Up Migration

-- Runs first: whoever writes one looks at its tenant next, and must not be met head-on.
lock table aos.runs in access exclusive mode;

-- A tenant's part of the workers while several tenants have runs queued: weight 3 gets three times as
-- much as weight 1.
alter table aos.tenants
  add column share_weight double precision not null default 1
    constraint share_weight_bounded check (share_weight between 0.01 and 100);

-- Why a live worker takes no new runs now; null when it does.
alter table aos.workers add column gated text;

-- A run that somebody paused. The claim's holder puts it to rest at the next step boundary.
alter table aos.runs
  add column pause_requested_at timestamptz,
  add column pause_requested_by text,
  -- A run at rest because these skills are paused; null when the run itself, its agent or its tenant is.
  add column paused_skills text[],
  drop constraint runs_waiting_for_check,
  add constraint runs_waiting_for_check
    check (waiting_for in ('retry', 'approval', 'review', 'target', 'pause')),
  add constraint pause_is_whole check ((pause_requested_at is null) = (pause_requested_by is null));
grant update (priority, pause_requested_at, pause_requested_by, paused_skills) on aos.runs to aos_api;

-- What admission counts, by tenant, and the age of the oldest.
create index runs_queued on aos.runs (tenant_id, created_at) include (start_at, started_at)
  where status = 'queued';
-- What a resume looks for: first the agents, then their runs in order.
create index runs_paused on aos.runs (tenant_id, agent, created_at, id)
  where waiting_for = 'pause' and paused_skills is null;
create index runs_paused_by_skill on aos.runs (created_at, id)
  where waiting_for = 'pause' and paused_skills is not null;
create index runs_pausing on aos.runs (worker_id)
  where pause_requested_at is not null and status = 'running';

-- The kill switches: who put what to rest, why and since when. `ended_at` null is in force.
-- tenant_id is who it belongs to; with all_tenants it holds for the whole installation.
create table aos.pauses (
  tenant_id   text not null references aos.tenants,
  id          uuid primary key default gen_random_uuid(),
  scope       text not null check (scope in ('everything', 'tenant', 'agent', 'skill')),
  name        text not null default '',
  all_tenants boolean not null default false,
  reason      text not null check (reason <> ''),
  paused_by   text not null,
  since       timestamptz not null default now(),
  ended_at    timestamptz,
  ended_by    text,
  constraint ended_is_whole check ((ended_at is null) = (ended_by is null)),
  constraint everything_has_no_name check ((scope = 'everything') = (name = '')),
  constraint everything_is_for_all check (scope <> 'everything' or all_tenants)
);
create unique index pauses_in_force on aos.pauses (tenant_id, scope, name) where ended_at is null;
call aos.isolate('pauses', 'select, insert, update (ended_at, ended_by)', 'select');

-- The pauses in force that concern the tenants one acts for: their own and those of the installation.
create function aos.pauses_in_force() returns setof aos.pauses
  language sql stable security definer set search_path = aos, pg_temp
as $$
  select *
    from aos.pauses
   where ended_at is null
     and (all_tenants or tenant_id = any (aos.acting_tenants()))
$$;
revoke execute on function aos.pauses_in_force from public;
grant execute on function aos.pauses_in_force to aos_api;

-- The head of the queue of new runs, and how many runs have ever finished: two index probes and the sum
-- of a small table. `resumed_from`: jobs from this priority on are of runs that were under way; those of
-- the lowest priority of all wait in quarantine.
create function aos.queue_head(resumed_from int)
  returns table (place int, priority int, finished bigint)
  language plpgsql stable security definer set search_path = aos, pg_temp
as $$
begin
  return query
    select head.place, head.own, (select coalesce(sum(t.value), 0)::bigint from aos.tallies t where t.metric = 'runs')
      from (select 1) as always
      left join lateral (
           select j.priority as place, coalesce(r.priority, 0)::int as own
             from pgboss.job j
             left join aos.runs r on r.id = j.id
            where j.name = 'runs' and j.state < 'active' and not j.blocked
              and j.priority < resumed_from and j.priority > -2147483648 and j.start_after <= now()
            order by j.priority desc, j.created_on
            limit 1) as head on true;
end
$$;
revoke execute on function aos.queue_head from public;
grant execute on function aos.queue_head to aos_api, aos_worker, aos_reader;

-- How many runs each tenant has queued, and how many of them could start now, counted up to `counted_max`
-- in all; its weight; and how long its oldest run that could start at once has waited.
create function aos.queue_depths(counted_max int)
  returns table (tenant_id text, queued int, ready int, weight double precision, waited_s double precision)
  language sql stable security definer set search_path = aos, pg_temp
as $$
  select t.tenant_id, coalesce(q.queued, 0)::int, coalesce(q.ready, 0)::int, t.share_weight,
         extract(epoch from now() - q.oldest)::double precision
    from aos.tenants t
    left join (
         select c.tenant_id, count(*) as queued,
                count(*) filter (where c.start_at is null or c.start_at <= now()) as ready,
                min(c.created_at) filter (where c.start_at is null and c.started_at is null) as oldest
           from (select r.tenant_id, r.created_at, r.start_at, r.started_at
                   from aos.runs r
                  where r.status = 'queued'
                  limit counted_max) as c
          group by c.tenant_id) as q on q.tenant_id = t.tenant_id
   where q.queued > 0 or t.share_weight <> 1
$$;
revoke execute on function aos.queue_depths from public;
grant execute on function aos.queue_depths to aos_api, aos_worker, aos_reader;

-- Sets the weight of a tenant. False when there is none of this name.
create function aos.set_share_weight(tenant text, weight double precision) returns boolean
  language sql security definer set search_path = aos, pg_temp
as $$
  with changed as (
    update aos.tenants set share_weight = weight where tenant_id = tenant returning 1)
  select exists (select from changed)
$$;
revoke execute on function aos.set_share_weight from public;
grant execute on function aos.set_share_weight to aos_api;
