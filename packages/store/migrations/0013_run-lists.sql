-- Up Migration

-- Lists of runs that did not go well, and of those that wait: rare states, so that these indexes cost what
-- succeeds nothing.
create index runs_ended_badly on aos.runs (tenant_id, outcome, created_at desc, id desc)
  where outcome <> 'succeeded';
create index runs_failed_with on aos.runs (tenant_id, failure_code, created_at desc, id desc)
  where failure_code is not null;
create index runs_waiting on aos.runs (tenant_id, created_at desc, id desc)
  where status = 'waiting';
