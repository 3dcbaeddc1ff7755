-- Up Migration

-- What live code can do: published by workers at start, read by planners, the API and the simulator.
-- It belongs to the installation, not to a tenant.
create table aos.skills (
  name         text not null,
  version      text not null,
  manifest     jsonb not null,
  published_at timestamptz not null default now(),
  primary key (name, version)
);
grant select on aos.skills to aos_api, aos_reader;
grant select, insert, update on aos.skills to aos_worker;

-- Agents: a version never changes; the greatest one counts. The status is the agent's, on every row.
create table aos.agents (
  tenant_id  text not null references aos.tenants,
  name       text not null,
  version    int not null check (version > 0),
  status     text not null default 'active' check (status in ('active', 'disabled')),
  definition jsonb not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, name, version)
);
call aos.isolate('agents', 'select, insert, update (status)', 'select, insert');

-- Worker processes, one row a life. A lease that ran out, or whose advisory lock is free, is a dead
-- worker: its runs go back to the queue. Belongs to the installation.
create table aos.workers (
  id          uuid primary key,
  host        text not null,
  pid         int not null,
  version     text not null,
  port        int,
  slots       int not null check (slots > 0),
  skills      text[] not null,
  -- The worker's LISTEN connection holds pg_advisory_lock(lock_key) as long as it lives.
  lock_key    bigint not null,
  state       text not null default 'live' check (state in ('live', 'stopping', 'stopped', 'lost')),
  started_at  timestamptz not null default now(),
  lease_until timestamptz not null,
  ended_at    timestamptz,
  constraint ended_when_over check ((ended_at is not null) = (state in ('stopped', 'lost')))
);
create index workers_live on aos.workers (lease_until) where state in ('live', 'stopping');
grant select on aos.workers to aos_api, aos_reader;
grant select, insert, update, delete on aos.workers to aos_worker;
