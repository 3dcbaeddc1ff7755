-- Up Migration

-- The log of events becomes a table in parts. A run's id is a UUIDv7, so a range of ids is a range of
-- time: old parts are dropped whole, and (run_id, seq) stays one key over all. A table that has rows
-- becomes the first part as it is. Nothing is rewritten, and writers wait for moments only; that is why
-- this migration commits in between, and why each of its pieces may be sent again.

-- Which history of the database this is. A restore or a failover that lost the end of the log begins a
-- new one (aos.adopt), with a floor above every position that the lost end may have used.
create table if not exists aos.incarnation (
  n        int primary key check (n > 0),
  floor    bigint not null check (floor >= 0),
  began_at timestamptz not null default now(),
  reason   text not null
);
create unique index if not exists incarnation_is_one on aos.incarnation ((true));
insert into aos.incarnation (n, floor, reason) values (1, 0, 'The database was made.') on conflict do nothing;
grant select on aos.incarnation to aos_api, aos_worker, aos_reader;

-- The smallest id that a run accepted at this moment can have.
create or replace function aos.first_run_id(accepted_at timestamptz) returns uuid
  language sql immutable parallel safe
  return (lpad(to_hex((extract(epoch from accepted_at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;

create or replace function aos.accepted_at(run_id uuid) returns timestamptz
  language sql immutable parallel safe
  return to_timestamp(('x' || lpad(left(replace(run_id::text, '-', ''), 12), 16, '0'))::bit(64)::bigint / 1000.0);

-- Where the parts begin: each Monday, in UTC.
create or replace function aos.event_part_start(moment timestamptz) returns timestamptz
  language sql immutable parallel safe
  return date_trunc('week', moment at time zone 'UTC') at time zone 'UTC';

-- Runs a statement that needs a strong lock on a busy table: it gives up early, so that nobody queues
-- behind it for long, and tries again.
create or replace procedure aos.with_patience(statement text, tries int default 100)
  language plpgsql
as $$
declare
  before text := current_setting('lock_timeout');
begin
  for try in 1 .. tries loop
    begin
      perform set_config('lock_timeout', '250ms', true);
      execute statement;
      perform set_config('lock_timeout', before, true);
      return;
    exception when lock_not_available or deadlock_detected then
      if try = tries then raise; end if;
      perform pg_sleep(0.05 + random() * 0.1);
    end;
  end loop;
end
$$;
revoke execute on procedure aos.with_patience from public;

-- The place of an event in the log of all runs: the id of its transaction, above the floor of this
-- incarnation. What was written before has the place 0.
-- Rows of before: the bound is checked while others write, so that joining the parts needs no scan.
do $$
declare
  newest timestamptz;
begin
  if not exists (select 1 from information_schema.columns
                  where table_schema = 'aos' and table_name = 'events' and column_name = 'position') then
    call aos.with_patience($change$
      alter table aos.events
        add column position bigint not null default 0,
        alter column position set default txid_current()
      $change$);
  end if;
  if exists (select 1 from aos.events)
     and not exists (select 1 from pg_constraint where conname = 'events_first_bound') then
    select greatest(now(), aos.accepted_at(run_id)) into strict newest
      from aos.events order by run_id desc limit 1;
    call aos.with_patience(format(
      'alter table aos.events add constraint events_first_bound check (run_id < %L) not valid',
      aos.first_run_id(aos.event_part_start(newest + interval '15 days'))));
  end if;
end
$$;
commit;
begin;
do $$
begin
  if exists (select 1 from pg_constraint where conname = 'events_first_bound' and not convalidated) then
    alter table aos.events validate constraint events_first_bound;
  end if;
end
$$;
commit;
begin;

-- The tenant of an event is that of the run's row, in the statement that writes it; aos check compares
-- them. A foreign key would look at every run again for every event.
create procedure aos.part_events()
  language plpgsql
as $$
declare
  bound uuid;
begin
  lock table aos.runs, aos.events in access exclusive mode;
  if not exists (select 1 from aos.events) then
    drop table aos.events;
  else
    select substring(pg_get_constraintdef(oid) from '[0-9a-f-]{36}')::uuid into strict bound
      from pg_constraint where conname = 'events_first_bound' and conrelid = 'aos.events'::regclass;
    alter table aos.events rename to events_first;
    alter table aos.events_first rename constraint events_pkey to events_first_pkey;
    alter table aos.events_first drop constraint events_tenant_id_run_id_fkey;
    alter table aos.events_first drop column xid;
    alter table aos.events_first alter column position drop default;
    revoke all on aos.events_first from aos_api, aos_worker, aos_reader;
    drop policy tenant on aos.events_first;
    drop policy all_tenants on aos.events_first;
    drop policy read_all on aos.events_first;
  end if;
  create table aos.events (
    tenant_id text not null,
    run_id    uuid not null,
    seq       int not null constraint events_seq_check check (seq >= 0),
    epoch     int not null,
    type      text not null,
    data      jsonb not null,
    at        timestamptz not null default clock_timestamp(),
    -- aos.adopt adds the floor of the incarnation to this default.
    position  bigint not null default txid_current(),
    primary key (run_id, seq)
  ) partition by range (run_id);
  call aos.isolate('events',
    'select, insert (tenant_id, run_id, seq, epoch, type, data, at)',
    'select, insert (tenant_id, run_id, seq, epoch, type, data, at)');
  if bound is not null then
    execute format('alter table aos.events attach partition aos.events_first for values from (minvalue) to (%L)', bound);
    alter table aos.events_first drop constraint events_first_bound;
  end if;
end
$$;
call aos.with_patience('call aos.part_events()');
drop procedure aos.part_events;

-- A part as a table of its own, with its index, before it joins: nothing of it is scanned or built while
-- others wait. Services reach it by way of aos.events alone.
create procedure aos.add_event_part(part text, lower_bound uuid, upper_bound uuid)
  language plpgsql
as $$
begin
  execute format('create table aos.%I (like aos.events including constraints)', part);
  execute format('alter table aos.%I add primary key (run_id, seq)', part);
  execute format('create index on aos.%I (position)', part);
  execute format('alter table aos.%I enable row level security', part);
  execute format('alter table aos.%I force row level security', part);
  execute format('create policy owner on aos.%I to %I using (true) with check (true)', part, current_user);
  if upper_bound is null then
    execute format('alter table aos.events attach partition aos.%I default', part);
  else
    -- Runs whose ids are ahead of every part are in the default part: they move.
    lock table aos.events_rest in access exclusive mode;
    execute format(
      'with moved as (delete from aos.events_rest where run_id >= %L and run_id < %L returning *)
       insert into aos.%I select * from moved', lower_bound, upper_bound, part);
    execute format('alter table aos.events attach partition aos.%I for values from (%L) to (%L)',
                   part, lower_bound, upper_bound);
  end if;
end
$$;

-- The ends of each part, the upper one outside; the default part has none.
create function aos.event_parts() returns table (part text, lower_bound uuid, upper_bound uuid)
  language sql stable
  set search_path = aos, pg_temp
as $$
  select c.relname::text,
         coalesce(
           substring(pg_get_expr(c.relpartbound, c.oid) from $re$FROM \('([0-9a-f-]{36})'\)$re$),
           substring('00000000-0000-0000-0000-000000000000'
                     from case when pg_get_expr(c.relpartbound, c.oid) ~ 'MINVALUE' then '.*' end))::uuid,
         substring(pg_get_expr(c.relpartbound, c.oid) from $re$TO \('([0-9a-f-]{36})'\)$re$)::uuid
    from pg_inherits i
    join pg_class c on c.oid = i.inhrelid
   where i.inhparent = 'aos.events'::regclass
$$;

-- Makes the parts of this week and of the `ahead` next ones. Returns how many it made. A part that
-- cannot be had now, because somebody holds a lock, is made at the next call.
create function aos.make_event_parts(ahead int default 3) returns int
  language plpgsql security definer set search_path = aos, pg_temp
as $$
declare
  made int := 0;
  low timestamptz := aos.event_part_start(now());
  high timestamptz;
  low_id uuid;
begin
  if ahead not between 0 and 52 then
    raise exception 'ahead is %; it must be between 0 and 52 weeks', ahead;
  end if;
  if not pg_try_advisory_xact_lock(hashtext('aos.events'), 1) then return 0; end if;
  for week in 0 .. ahead loop
    high := low + interval '7 days';
    -- No gap: a part begins where the last one ends, the first of all reaches back without end.
    low_id := coalesce(
      (select upper_bound from aos.event_parts() where upper_bound is not null
        order by upper_bound desc limit 1),
      '00000000-0000-0000-0000-000000000000');
    if not exists (select 1 from aos.event_parts() p
                    where p.upper_bound >= aos.first_run_id(high)) then
      call aos.add_event_part('events_' || to_char(low at time zone 'UTC', 'YYYYMMDD'),
                              low_id, aos.first_run_id(high));
      made := made + 1;
    end if;
    low := high;
  end loop;
  return made;
end
$$;
revoke execute on procedure aos.add_event_part from public;
revoke execute on function aos.make_event_parts from public;
grant execute on function aos.make_event_parts to aos_worker;

call aos.add_event_part('events_rest', null, null);
select aos.make_event_parts();
