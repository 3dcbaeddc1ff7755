-- Up Migration

-- Readers of the log. Everything below a bound is there for good: no transaction that is still open, or
-- comes later, can add an event before it. The bound waits for the oldest open transaction.
create function aos.log_below() returns bigint
  language sql volatile security definer set search_path = aos, pg_temp
  return (select txid_snapshot_xmin(txid_current_snapshot()) + floor from aos.incarnation);

-- As far as one reading may go from a position: the bound, or less, so that about `rows_max` rows are
-- looked at whoever they belong to. Whole transactions only, and at least one.
create function aos.log_window(after bigint, rows_max int)
  returns table (incarnation int, below bigint, bound bigint)
  language plpgsql volatile security definer set search_path = aos, pg_temp
as $$
begin
  select i.n, txid_snapshot_xmin(txid_current_snapshot()) + i.floor into incarnation, bound
    from aos.incarnation i;
  select e.position + 1 into below
    from aos.events e
   where e.position > after and e.position < bound
   order by e.position offset rows_max - 1 limit 1;
  below := coalesce(below, bound);
  return next;
end
$$;

-- About where the log was at that moment, rather too early than too late. Positions and times rise
-- together but for the clocks of machines and the length of transactions: a minute is taken off.
create function aos.log_position_at(moment timestamptz) returns bigint
  language plpgsql volatile security definer set search_path = aos, pg_temp
as $$
declare
  low bigint := 0;
  high bigint := aos.log_below();
  middle bigint;
  seen record;
begin
  while low < high loop
    middle := low + (high - low) / 2;
    select e.position, e.at into seen from aos.events e
     where e.position >= middle and e.position < high order by e.position limit 1;
    if seen.at is null or seen.at >= moment - interval '1 minute' then
      high := middle;
    else
      low := seen.position + 1;
    end if;
  end loop;
  return low;
end
$$;
revoke execute on function aos.log_below, aos.log_window, aos.log_position_at from public;
grant execute on function aos.log_below, aos.log_window, aos.log_position_at to aos_api, aos_worker, aos_reader;

-- A group of programs that read the log and remember how far. Its runs are spread over `parts`; a part
-- is read by one member at a time, so the order within a run holds.
create table aos.consumers (
  tenant_id    text not null references aos.tenants,
  name         text not null check (name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
  types        text[] not null default '{}',
  parts        smallint not null check (parts between 1 and 16),
  lease_ms     int not null check (lease_ms between 1000 and 600000),
  created_by   text not null,
  created_at   timestamptz not null default now(),
  reset_at     timestamptz,
  reset_by     text,
  reset_reason text,
  primary key (tenant_id, name)
);
call aos.isolate('consumers', 'select, insert, update (reset_at, reset_by, reset_reason), delete', 'select');

-- How far a part was read: everything up to this place was acknowledged, or is of no interest to it.
create table aos.consumer_parts (
  tenant_id   text not null,
  consumer    text not null,
  part        smallint not null,
  incarnation int not null,
  position    bigint not null,
  run_id      uuid not null,
  seq         int not null,
  -- Raised whenever the part changes hands: acknowledgements of an earlier holder are refused.
  epoch       int not null default 0,
  member      text,
  lease_until timestamptz,
  -- A member that has too few: whoever holds more than its share leaves some.
  wanted_by    text,
  wanted_until timestamptz,
  -- The last event handed out and not acknowledged.
  handed      text,
  fetched_at  timestamptz,
  acked_at    timestamptz not null default now(),
  primary key (tenant_id, consumer, part),
  foreign key (tenant_id, consumer) references aos.consumers on delete cascade,
  constraint member_has_lease check ((member is null) = (lease_until is null))
);
create index consumer_parts_place on aos.consumer_parts (position);
call aos.isolate('consumer_parts',
  'select, insert, delete, update (incarnation, position, run_id, seq, epoch, member, lease_until, wanted_by, wanted_until, handed, fetched_at, acked_at)',
  'select');

-- Addresses that are told of events, by POST. The log is the outbox: what is committed is sent.
create table aos.webhooks (
  tenant_id       text not null references aos.tenants,
  id              uuid primary key,
  url             text not null check (length(url) <= 2048),
  types           text[] not null default '{}',
  agents          text[] not null default '{}',
  description     text not null default '',
  state           text not null default 'active' check (state in ('active', 'disabled')),
  disabled_reason text,
  -- It is told of events from here on.
  from_position   bigint not null,
  created_by      text not null,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  -- The breaker: failures in a row, and until when nothing is sent.
  failures        int not null default 0,
  paused_until    timestamptz,
  unique (tenant_id, id)
);
create index webhooks_active on aos.webhooks (tenant_id) where state = 'active';
call aos.isolate('webhooks',
  'select, insert, delete, update (url, types, agents, description, state, disabled_reason, updated_at, failures, paused_until)',
  'select, update (state, disabled_reason, updated_at, failures, paused_until)');

-- What deliveries are signed with. In clear, since signing needs it: only workers read it, and nobody
-- gets it back after it was made.
create table aos.webhook_secrets (
  tenant_id  text not null,
  id         uuid primary key,
  webhook_id uuid not null,
  secret     bytea not null check (length(secret) between 24 and 64),
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  foreign key (tenant_id, webhook_id) references aos.webhooks (tenant_id, id) on delete cascade
);
create index webhook_secrets_of on aos.webhook_secrets (webhook_id);
call aos.isolate('webhook_secrets',
  'insert, select (tenant_id, id, webhook_id, created_at, expires_at), update (expires_at)', 'select, delete');
revoke select on aos.webhook_secrets from aos_reader;

-- One event for one address. The id follows from both, so it is the same however often it is sent.
create table aos.deliveries (
  tenant_id    text not null,
  id           uuid primary key,
  webhook_id   uuid not null,
  -- The event; none for a ping.
  run_id       uuid,
  seq          int,
  type         text not null,
  state        text not null default 'pending' check (state in ('pending', 'delivered', 'dead')),
  attempts     int not null default 0,
  next_at      timestamptz not null default now(),
  -- Given up then.
  expires_at   timestamptz not null default now() + interval '24 hours',
  created_at   timestamptz not null default now(),
  ended_at     timestamptz,
  redeliveries int not null default 0,
  -- The last attempts, oldest first.
  history      jsonb not null default '[]',
  foreign key (tenant_id, webhook_id) references aos.webhooks (tenant_id, id) on delete cascade,
  constraint event_is_whole check ((run_id is null) = (seq is null)),
  constraint ended_has_time check ((state = 'pending') = (ended_at is null))
);
create index deliveries_due on aos.deliveries (webhook_id, next_at) where state = 'pending';
create index deliveries_before on aos.deliveries (webhook_id, run_id, seq) where state = 'pending';
create index deliveries_of on aos.deliveries (webhook_id, created_at desc, id desc);
create index deliveries_dead on aos.deliveries (webhook_id, created_at) where state = 'dead';
create index deliveries_ended on aos.deliveries (ended_at) where ended_at is not null;
call aos.isolate('deliveries',
  'select, insert, update (state, next_at, expires_at, ended_at, redeliveries)', 'select, insert, update, delete');

-- How far the log was made into deliveries, and what became of its oldest parts. One row.
create table aos.log_state (
  one           boolean primary key default true check (one),
  relayed_below bigint not null default 0,
  -- Events up to here may have been dropped.
  dropped_to    bigint not null default 0,
  -- Parts that are old enough to go, and why they stay: [{part, reason}].
  held          jsonb not null default '[]',
  swept_at      timestamptz
);
insert into aos.log_state (relayed_below) values (aos.log_below());
grant select on aos.log_state to aos_api, aos_worker, aos_reader;
grant update (relayed_below) on aos.log_state to aos_worker;

-- What the log of all tenants is doing, for /metrics.
create function aos.log_gauges()
  returns table (
    -- Age of the oldest event that is committed and cannot be read yet, since a transaction is open.
    horizon_age_seconds double precision,
    consumer_lag_seconds double precision, consumer_lag_events bigint,
    webhook_lag_seconds double precision, webhook_lag_events bigint,
    deliveries_pending bigint, deliveries_dead bigint, held_parts bigint, parts_ahead bigint)
  language plpgsql volatile security definer set search_path = aos, pg_temp
as $$
declare
  bound bigint := aos.log_below();
  least_read bigint := (select min(position) from aos.consumer_parts);
  -- Nobody is to be told: nobody lags.
  relayed bigint := (select relayed_below from aos.log_state
                      where exists (select 1 from aos.webhooks where state = 'active'));
begin
  select coalesce(extract(epoch from clock_timestamp() - e.at), 0) into horizon_age_seconds
    from aos.events e where e.position >= bound order by e.position limit 1;
  select coalesce(extract(epoch from clock_timestamp() - e.at), 0) into consumer_lag_seconds
    from aos.events e where e.position > least_read and e.position < bound order by e.position limit 1;
  select count(*) into consumer_lag_events
    from (select from aos.events e where e.position > least_read and e.position < bound limit 100000) as behind;
  select coalesce(extract(epoch from clock_timestamp() - e.at), 0) into webhook_lag_seconds
    from aos.events e where e.position >= relayed and e.position < bound order by e.position limit 1;
  select count(*) into webhook_lag_events
    from (select from aos.events e where e.position >= relayed and e.position < bound limit 100000) as behind;
  -- Beside the relay, a delivery that is due and was not sent is behind too.
  select greatest(coalesce(webhook_lag_seconds, 0), coalesce(extract(epoch from clock_timestamp() - min(d.created_at)), 0)),
         count(*)
    into webhook_lag_seconds, deliveries_pending
    from aos.deliveries d join aos.webhooks w on w.id = d.webhook_id and w.state = 'active'
   where d.state = 'pending';
  select count(*) into deliveries_dead from aos.deliveries d where d.state = 'dead';
  select jsonb_array_length(held) into held_parts from aos.log_state;
  select count(*) into parts_ahead from aos.event_parts() p where p.lower_bound > aos.first_run_id(now());
  horizon_age_seconds := coalesce(horizon_age_seconds, 0);
  consumer_lag_seconds := coalesce(consumer_lag_seconds, 0);
  return next;
end
$$;
revoke execute on function aos.log_gauges from public;
grant execute on function aos.log_gauges to aos_api, aos_worker, aos_reader;

-- A key is stored in the statement that stores its run, at the same time to the microsecond: by that it is
-- found again. A foreign key would need an index of its own to be looked after when a run is removed.
call aos.with_patience('alter table aos.idempotency_keys drop constraint idempotency_keys_tenant_id_run_id_fkey');

-- Tables whose rows belong to a run, those first that others do not refer to. Steps have no foreign key.
create function aos.tables_of_runs() returns table (name text)
  language sql stable set search_path = aos, pg_temp
as $$
  with recursive below as (
    select c.conrelid as oid, 1 as depth
      from pg_constraint c
     where c.contype = 'f' and c.confrelid = 'aos.runs'::regclass and c.conrelid <> c.confrelid
     union
    select 'aos.steps'::regclass, 1
     union
    select c.conrelid, b.depth + 1
      from pg_constraint c
      join below b on c.confrelid = b.oid
     where c.contype = 'f' and c.conrelid <> c.confrelid and c.conparentid = 0 and b.depth < 8)
  select t.relname::text
    from below b
    join pg_class t on t.oid = b.oid
    join pg_attribute a on a.attrelid = b.oid and a.attname = 'run_id' and not a.attisdropped
   group by t.relname
   order by max(b.depth) desc, t.relname
$$;

-- As a query of $1, a list of runs: which runs refer to them, by whatever name. Null: a row of no run.
create function aos.references_to_runs() returns text
  language sql stable set search_path = aos, pg_temp
as $$
  select string_agg(format(
           'select %s as owner, t.%I as target from aos.%I t where t.%2$I = any ($1)',
           case when t.relname = 'runs' then 't.id'
                when exists (select 1 from pg_attribute o where o.attrelid = t.oid and o.attname = 'run_id') then 't.run_id'
                else 'null::uuid' end, a.attname, t.relname), ' union all ')
    from pg_constraint c
    join pg_class t on t.oid = c.conrelid
    join pg_attribute a on a.attrelid = c.conrelid
     and a.attnum = c.conkey[array_position(c.confkey, (select attnum from pg_attribute
                                                         where attrelid = 'aos.runs'::regclass and attname = 'id'))]
   where c.contype = 'f' and c.confrelid = 'aos.runs'::regclass and a.attname <> 'run_id'
$$;

-- Removes finished runs with all that belongs to them, oldest first, at most `batch_max` of them and those
-- that came of them. A run stays while a younger one came of it, or while its dead letter is open. Returns
-- how many, and where the next call goes on; null when it has seen all.
create function aos.remove_finished_runs(older_than interval, after uuid, batch_max int)
  returns table (removed int, next_after uuid)
  language plpgsql volatile security definer set search_path = aos, pg_temp
as $$
declare
  cutoff timestamptz := now() - older_than;
  links text := aos.references_to_runs();
  doomed uuid[];
  fewer uuid[];
  tab text;
begin
  if older_than < interval '1 day' or batch_max not between 1 and 5000 then
    raise exception 'Runs are kept for at least a day (here %), and removed 1 to 5000 at a time (here %).', older_than, batch_max;
  end if;
  select array_agg(id order by id) into doomed
    from (select id from aos.runs
           where id > after and id < aos.first_run_id(cutoff) and status = 'finished' and finished_at < cutoff
           order by id limit batch_max) as oldest;
  removed := 0;
  -- One at a time; whoever comes second has nothing to do.
  if doomed is null or not pg_try_advisory_xact_lock(hashtext('aos.runs'), 1) then return next; return; end if;
  if cardinality(doomed) = batch_max then next_after := doomed[batch_max]; end if;
  for step in 1 .. 100 loop
    execute format(
      'select array(select id from aos.runs r
                     where id = any ($1)
                        or (status = ''finished'' and finished_at < $2 and id in (select owner from (%s) as l)))', links)
      into fewer using doomed, cutoff;
    exit when cardinality(fewer) = cardinality(doomed);
    doomed := fewer;
  end loop;
  if to_regclass('aos.dead_letters') is not null then
    execute 'select array(select id from unnest($1) as id
                           where id not in (select run_id from aos.dead_letters
                                             where run_id = any ($1) and redriven_as is null and discarded_at is null))'
      into doomed using doomed;
  end if;
  loop
    execute format(
      'select array(select id from unnest($1) as id
                     where id not in (select target from (%s) as l where owner is null or owner <> all ($1)))', links)
      into fewer using doomed;
    exit when cardinality(fewer) = cardinality(doomed);
    doomed := fewer;
  end loop;
  perform from aos.runs where id = any (doomed) order by id for update;
  delete from aos.idempotency_keys k using aos.runs r
   where r.id = any (doomed) and k.created_at = r.created_at and k.run_id = r.id;
  for tab in select name from aos.tables_of_runs() loop
    execute format('delete from aos.%I where run_id = any ($1)', tab) using doomed;
  end loop;
  delete from aos.runs where id = any (doomed);
  get diagnostics removed = row_count;
  return next;
end
$$;

-- Drops the oldest part of the log that may go: all of it is older than `keep`, no run of it is left, and
-- everybody has read it. Readers that lag hold a part for `hold` longer, and no more. Waits for nobody:
-- a part that is in use stays for the next call.
create function aos.drop_event_part(keep interval, hold interval)
  returns table (dropped text, held jsonb)
  language plpgsql volatile security definer set search_path = aos, pg_temp
as $$
declare
  p record;
  last_position bigint;
  reason text;
  patience text := current_setting('lock_timeout');
begin
  if keep < interval '1 day' or hold < interval '0' then
    raise exception 'The log is kept for at least a day (here %).', keep;
  end if;
  held := '[]';
  if not pg_try_advisory_xact_lock(hashtext('aos.events'), 1) then return next; return; end if;
  for p in select * from aos.event_parts()
            where upper_bound <= aos.first_run_id(now() - keep) order by upper_bound loop
    execute format('select max(position) from aos.%I', p.part) into last_position;
    reason := case
      when exists (select 1 from aos.runs r where r.status <> 'finished'
                      and r.id >= p.lower_bound and r.id < p.upper_bound) then 'unfinished_run'
      when exists (select 1 from aos.runs r
                    where r.id >= p.lower_bound and r.id < p.upper_bound) then 'kept_run'
      when exists (select 1 from aos.deliveries d where d.state = 'pending'
                      and d.run_id >= p.lower_bound and d.run_id < p.upper_bound) then 'delivery'
      when p.upper_bound <= aos.first_run_id(now() - keep - hold) then null
      when exists (select 1 from aos.consumer_parts c where c.position < last_position) then 'consumer'
      when exists (select 1 from aos.webhooks where state = 'active')
       and (select relayed_below from aos.log_state) <= last_position then 'relay'
    end;
    if reason is null then
      begin
        perform set_config('lock_timeout', '250ms', true);
        execute format('alter table aos.events detach partition aos.%I', p.part);
        execute format('drop table aos.%I', p.part);
        dropped := p.part;
      exception when lock_not_available or deadlock_detected then
        reason := 'busy';
      end;
      perform set_config('lock_timeout', patience, true);
    end if;
    if reason is null then
      update aos.log_state set dropped_to = greatest(dropped_to, last_position);
      exit;
    end if;
    held := held || jsonb_build_object('part', p.part, 'reason', reason);
    -- Whatever is in the way of one part is in the way of all.
    exit when reason = 'busy';
  end loop;
  update aos.log_state set held = drop_event_part.held, swept_at = now();
  return next;
end
$$;
revoke execute on function aos.remove_finished_runs, aos.drop_event_part from public;
grant execute on function aos.remove_finished_runs, aos.drop_event_part to aos_worker;

-- Where the log ended when an incarnation ended: [{n, end, at}]. Who had read further has read what is no
-- more.
alter table aos.incarnation add column ends jsonb not null default '[]';

-- Which server, and which line of its history: another one after a restore, a failover or a move.
create function aos.database_origin() returns text
  language sql volatile
  return (pg_control_system()).system_identifier || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8);
alter table aos.incarnation add column origin text;
update aos.incarnation set origin = aos.database_origin();

-- To be called by the owner after a restore, or a failover to a server that may lack the end of the log,
-- before any service starts: begins a new incarnation. Whatever a worker of the old one still tries to
-- write is refused, since its row is over and the epoch of its runs has moved on.
create function aos.adopt(reason text) returns int
  language plpgsql volatile set search_path = aos, pg_temp
as $$
declare
  before aos.incarnation;
  log_end bigint;
  -- More transactions than any lost end can have had: three years of ten thousand a second.
  margin constant bigint := 1::bigint << 40;
  -- More claims than any run can have had in a lost end.
  claims constant int := 100000;
  next_floor bigint;
begin
  if length(trim(reason)) = 0 then raise exception 'A new incarnation needs a reason.'; end if;
  lock table aos.events in access exclusive mode;
  select * into strict before from aos.incarnation for update;
  select coalesce(max(position), 0) into log_end from aos.events;
  next_floor := greatest(before.floor + txid_current(), log_end) + margin;
  update aos.incarnation
     set n = before.n + 1, floor = next_floor, began_at = now(), reason = adopt.reason,
         origin = aos.database_origin(),
         ends = before.ends || jsonb_build_object('n', before.n, 'end', log_end, 'at', now());
  execute format('alter table aos.events alter column position set default (txid_current() + %s)', next_floor);
  update aos.workers set state = 'lost', ended_at = now() where state in ('live', 'stopping');
  update aos.runs
     set status = case when status = 'running' then 'queued' else status end, worker_id = null,
         epoch = epoch + claims
   where status <> 'finished';
  update aos.consumer_parts set epoch = epoch + 1, member = null, lease_until = null, handed = null;
  return before.n + 1;
end
$$;
revoke execute on function aos.adopt from public;
