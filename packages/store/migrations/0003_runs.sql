-- Up Migration

-- A run is one pursuit of one goal. The row is narrow, since every change of status copies it: what is
-- wide and never changes stands in aos.goals. It is the truth about the run; the pg-boss job with the
-- same id only says "look at this run".
create table aos.runs (
  id                  uuid primary key,
  tenant_id           text not null references aos.tenants,
  agent               text not null,
  agent_version       int not null,
  planner             text not null check (planner in ('static', 'template', 'rules', 'claude')),
  priority            smallint not null default 0 check (priority between -100 and 100),
  status              text not null default 'queued' check (status in ('queued', 'running', 'waiting', 'finished')),
  outcome             text check (outcome in ('succeeded', 'failed', 'cancelled')),
  failure_code        text,
  -- The fencing token: every claim and every release raises it, every write of a worker carries it.
  epoch               int not null default 0,
  worker_id           uuid,
  waiting_for         text check (waiting_for in ('retry', 'approval', 'review')),
  wake_at             timestamptz,
  wall_ms             bigint,
  created_at          timestamptz not null default now(),
  start_at            timestamptz,
  expires_at          timestamptz,
  started_at          timestamptz,
  deadline_at         timestamptz,
  finished_at         timestamptz,
  cancel_requested_at timestamptz,
  cancel_requested_by text,
  parent_run_id       uuid,
  origin_run_id       uuid,
  origin_mode         text check (origin_mode in ('retry', 'replay', 'replan')),
  unique (tenant_id, id),
  foreign key (tenant_id, agent, agent_version) references aos.agents,
  foreign key (tenant_id, parent_run_id) references aos.runs (tenant_id, id),
  foreign key (tenant_id, origin_run_id) references aos.runs (tenant_id, id),
  constraint finished_has_outcome check ((status = 'finished') = (outcome is not null)),
  constraint finished_has_time check ((status = 'finished') = (finished_at is not null)),
  constraint running_has_worker check ((status = 'running') = (worker_id is not null)),
  constraint waiting_has_cause check ((status = 'waiting') = (waiting_for is not null)),
  constraint only_failed_has_code check (failure_code is null or outcome = 'failed'),
  constraint origin_is_whole check ((origin_run_id is null) = (origin_mode is null))
);
create index runs_by_tenant on aos.runs (tenant_id, created_at desc, id desc);
create index runs_unfinished on aos.runs (status, wake_at) where status <> 'finished';
create index runs_of_worker on aos.runs (worker_id) where worker_id is not null;
create index runs_cancelling on aos.runs (worker_id) where cancel_requested_at is not null and status <> 'finished';
call aos.isolate('runs',
  'select, insert, update (status, waiting_for, wake_at, cancel_requested_at, cancel_requested_by)',
  'select, insert, update');

-- A finished run never changes again.
create function aos.keep_finished() returns trigger language plpgsql as $$
begin
  raise exception 'Run % is finished and cannot change.', old.id using errcode = 'AOS01';
end
$$;
create trigger finished_is_final before update on aos.runs
  for each row when (old.status = 'finished') execute function aos.keep_finished();

-- What the caller wants, in words, with its limits. Never changes.
create table aos.goals (
  tenant_id text not null,
  run_id    uuid primary key,
  goal      text not null,
  input     jsonb not null default '{}',
  plan      jsonb, -- given by the caller: a plan, or a template call
  limits    jsonb not null default '{}',
  tags      text[] not null default '{}',
  foreign key (tenant_id, run_id) references aos.runs (tenant_id, id)
);
create index goals_by_tag on aos.goals using gin (tags) where tags <> '{}';
call aos.isolate('goals', 'select, insert', 'select, insert');

-- The caller's name for a request: the same key twice makes one run.
create table aos.idempotency_keys (
  tenant_id  text not null,
  key        text not null,
  body_hash  bytea not null,
  run_id     uuid not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, key),
  foreign key (tenant_id, run_id) references aos.runs (tenant_id, id)
);
create index idempotency_keys_age on aos.idempotency_keys (created_at);
call aos.isolate('idempotency_keys', 'select, insert', 'select, delete');

-- Plans are never edited; planning anew adds a version.
create table aos.plans (
  tenant_id  text not null,
  run_id     uuid not null,
  version    int not null check (version > 0),
  planner    text not null,
  plan       jsonb not null,
  hash       text not null,
  created_at timestamptz not null default now(),
  primary key (run_id, version),
  foreign key (tenant_id, run_id) references aos.runs (tenant_id, id)
);
call aos.isolate('plans', 'select, insert', 'select, insert');

-- One row a step that has begun, and one an item of a forEach step (key[3]). The output of a completed
-- step is its checkpoint: it is read instead of running the step again.
create table aos.steps (
  tenant_id     text not null,
  run_id        uuid not null,
  key           text not null,
  skill         text not null,
  skill_version text not null,
  effect        text not null check (effect in ('pure', 'read', 'keyed', 'reconcilable', 'unkeyed')),
  status        text not null check (status in ('started', 'waiting', 'completed', 'failed', 'skipped')),
  attempt       int not null,
  epoch         int not null,
  input_hash    text,
  output        jsonb,
  failure       jsonb,
  waiting_for   text check (waiting_for in ('retry', 'approval', 'review')),
  wake_at       timestamptz,
  approval_id   uuid,
  skip_reason   text,
  started_at    timestamptz,
  finished_at   timestamptz,
  primary key (run_id, key),
  foreign key (tenant_id, run_id) references aos.runs (tenant_id, id),
  constraint completed_has_output check (status <> 'completed' or output is not null),
  constraint failed_has_failure check (status <> 'failed' or failure is not null)
);
create index steps_waiting on aos.steps (waiting_for) where status = 'waiting';
call aos.isolate('steps', 'select, insert', 'select, insert, update');

-- A completed step never runs again, and its output never changes.
create function aos.keep_completed() returns trigger language plpgsql as $$
begin
  raise exception 'Step % of run % is completed and cannot change.', old.key, old.run_id using errcode = 'AOS02';
end
$$;
create trigger completed_is_final before update on aos.steps
  for each row when (old.status = 'completed') execute function aos.keep_completed();

-- The journal: facts in the past tense, append-only. Per run, seq is 0, 1, 2 … without a gap; xid and
-- seq order them for readers of the whole log.
create table aos.events (
  tenant_id text not null,
  run_id    uuid not null,
  seq       int not null check (seq >= 0),
  epoch     int not null,
  type      text not null,
  data      jsonb not null,
  at        timestamptz not null default clock_timestamp(),
  xid       xid8 not null default pg_current_xact_id(),
  primary key (run_id, seq),
  foreign key (tenant_id, run_id) references aos.runs (tenant_id, id)
);
call aos.isolate('events', 'select, insert', 'select, insert');

-- Human decisions, each about one step with exactly one input. Decided once.
create table aos.approvals (
  tenant_id  text not null,
  id         uuid primary key,
  run_id     uuid not null,
  step_key   text not null,
  kind       text not null check (kind in ('step', 'review')),
  reason     text not null,
  skill      text not null,
  input      jsonb not null,
  input_hash text not null,
  created_at timestamptz not null default now(),
  decision   text check (decision in ('approve', 'reject')),
  decided_by text,
  decided_at timestamptz,
  comment    text,
  foreign key (tenant_id, run_id) references aos.runs (tenant_id, id),
  constraint decided_whole check ((decision is null) = (decided_at is null) and (decision is null) = (decided_by is null))
);
create index approvals_open on aos.approvals (tenant_id, created_at) where decision is null;
create index approvals_of_run on aos.approvals (run_id);
call aos.isolate('approvals', 'select, update (decision, decided_by, decided_at, comment)', 'select, insert');

-- The workspace of a run: files by name. A name is a key, not a path, so there is nothing to traverse.
create table aos.artifacts (
  tenant_id  text not null,
  run_id     uuid not null,
  name       text not null,
  media_type text not null,
  bytes      int not null,
  digest     text not null,
  content    bytea not null,
  step_key   text,
  created_at timestamptz not null default now(),
  primary key (run_id, name),
  foreign key (tenant_id, run_id) references aos.runs (tenant_id, id),
  constraint bytes_true check (bytes = length(content))
);
call aos.isolate('artifacts', 'select, insert', 'select, insert, update');
