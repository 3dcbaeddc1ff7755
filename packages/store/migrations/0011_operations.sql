-- Up Migration

-- One wish about many runs: run them again, or cancel them. The set is fixed when it is asked for; who
-- asked, when and why stays on the row. A replica of the API drives it, any one, one at a time.
create table aos.operations (
  tenant_id      text not null references aos.tenants,
  id             uuid primary key,
  kind           text not null check (kind in ('rerun', 'redrive', 'cancel')),
  state          text not null default 'running' check (state in ('running', 'done', 'stopped', 'aborted')),
  -- What each run is made with: mode, fromStep, patch.
  request        jsonb not null default '{}',
  -- What was asked for: ids or a filter, and the hash of what it gave.
  selection      jsonb not null,
  selection_hash text not null,
  total          int not null check (total >= 0),
  canary         int[] not null default '{}',
  rate           double precision not null check (rate > 0 and rate <= 100),
  reason         text not null,
  created_by     text not null,
  created_at     timestamptz not null default clock_timestamp(),
  idempotency_key text,
  body_hash      bytea,
  -- The place in canary; behind its end, the rest.
  stage          int not null default 0,
  -- When the next run may start.
  next_at        timestamptz not null default clock_timestamp(),
  ended_at       timestamptz,
  ended_by       text,
  end_reason     text,
  unique (tenant_id, id),
  unique (tenant_id, idempotency_key),
  constraint ended_when_over check ((ended_at is null) = (state = 'running')),
  constraint aborted_by_somebody check (state <> 'aborted' or ended_by is not null)
);
create index operations_by_tenant on aos.operations (tenant_id, created_at desc, id desc);
create index operations_running on aos.operations (id) where state = 'running';
call aos.isolate('operations',
  'select, insert, update (selection_hash, total, state, stage, next_at, ended_at, ended_by, end_reason)', 'select');

create table aos.operation_items (
  tenant_id    text not null,
  operation_id uuid not null,
  nth          int not null,
  run_id       uuid not null,
  state        text not null check (state in ('pending', 'started', 'skipped', 'refused')),
  stage        int,
  new_run_id   uuid,
  detail       text,
  settled_at   timestamptz,
  -- While its operation runs, unless it was skipped or refused.
  live         boolean not null,
  primary key (operation_id, nth),
  foreign key (tenant_id, operation_id) references aos.operations (tenant_id, id),
  foreign key (tenant_id, run_id) references aos.runs (tenant_id, id),
  foreign key (tenant_id, new_run_id) references aos.runs (tenant_id, id)
);
-- Two operations at once never do the same run.
create unique index operation_items_live on aos.operation_items (run_id) where live;
create index operation_items_pending on aos.operation_items (operation_id, nth) where state = 'pending';
call aos.isolate('operation_items',
  'select, insert, update (state, stage, new_run_id, detail, settled_at, live)', 'select');

-- The driver serves all tenants, and acts for each one only once it knows its name.
create function aos.running_operations() returns table (tenant_id text, id uuid)
  language sql stable security definer set search_path = aos, pg_temp
as $$
  select o.tenant_id, o.id from aos.operations o where o.state = 'running' order by o.id
$$;
revoke execute on function aos.running_operations from public;
grant execute on function aos.running_operations to aos_api;

-- As before, with the letters that an operation has in hand told apart.
drop function aos.repair_gauges;
create function aos.repair_gauges()
  returns table (letters_open bigint, letters_redriving bigint, cases_open bigint, operations_running bigint)
  language sql stable security definer set search_path = aos, pg_temp
as $$
  with open as (
    select d.tenant_id, d.fingerprint, count(*) as letters, count(i.run_id) as redriving,
           bool_or(aos.reopens(c.state, c.changed_at, c.version, d.at, d.skill_version)) as again,
           min(c.state) as said
      from aos.dead_letters d
      left join aos.cases c using (tenant_id, fingerprint)
      left join aos.operation_items i on i.run_id = d.run_id and i.live and i.state = 'pending'
     where d.redriven_as is null and d.discarded_at is null
     group by d.tenant_id, d.fingerprint)
  select coalesce(sum(letters - redriving), 0)::bigint,
         coalesce(sum(redriving), 0)::bigint,
         count(*) filter (where coalesce(said, 'open') = 'open' or again),
         (select count(*) from aos.operations where state = 'running')
    from open
$$;
revoke execute on function aos.repair_gauges from public;
grant execute on function aos.repair_gauges to aos_api, aos_worker, aos_reader;
