-- Up Migration

-- Where the metrics of a worker are reached; null: at its host.
alter table aos.workers add column address text;

-- The replicas of the API that live, so that Prometheus finds them.
create table aos.api_replicas (
  id          uuid primary key,
  address     text not null,
  port        int not null check (port between 1 and 65535),
  version     text not null,
  started_at  timestamptz not null default now(),
  lease_until timestamptz not null
);
grant select, insert, update, delete on aos.api_replicas to aos_api;
grant select on aos.api_replicas to aos_worker, aos_reader;

-- What alerts need beyond aos.gauges(), for /metrics.
create function aos.alert_gauges()
  returns table (
    approval_age_seconds double precision,
    -- Under way by their status, and no live worker has them.
    runs_orphaned bigint,
    -- Of the run under way that has been silent the longest. Those of the last minute are not looked at.
    run_idle_seconds double precision,
    -- Workers that died, rather than stopped, in the last 15 minutes.
    workers_lost bigint,
    api_replicas bigint, worker_replicas bigint,
    wal_bytes bigint, wal_max_bytes bigint, database_bytes bigint)
  language plpgsql volatile security definer set search_path = aos, pg_temp
as $$
begin
  select coalesce(extract(epoch from now() - min(created_at)), 0) into approval_age_seconds
    from aos.approvals where decision is null;
  select count(*) into runs_orphaned
    from aos.runs r
   where r.status = 'running'
     and not exists (select from aos.workers w
                      where w.id = r.worker_id and w.state in ('live', 'stopping') and w.lease_until > now());
  select coalesce(max(extract(epoch from now() - last.at)), 0) into run_idle_seconds
    from aos.runs r
   cross join lateral (select e.at from aos.events e where e.run_id = r.id order by e.seq desc limit 1) as last
   where r.status = 'running' and r.started_at < now() - interval '1 minute';
  run_idle_seconds := greatest(run_idle_seconds, 0);
  select count(*) filter (where w.state = 'lost' and w.ended_at > now() - interval '15 minutes'),
         count(*) filter (where w.state in ('live', 'stopping') and w.lease_until > now() and w.port is not null)
    into workers_lost, worker_replicas
    from aos.workers w;
  select count(*) into api_replicas from aos.api_replicas where lease_until > now();
  begin
    select sum(size) into wal_bytes from pg_ls_waldir();
  exception when insufficient_privilege then
    wal_bytes := null; -- The owner is no member of pg_monitor: nobody is told.
  end;
  wal_max_bytes := greatest(pg_size_bytes(current_setting('max_wal_size')),
                            pg_size_bytes(current_setting('wal_keep_size')));
  database_bytes := pg_database_size(current_database());
  return next;
end
$$;
revoke execute on function aos.alert_gauges from public;
grant execute on function aos.alert_gauges to aos_api, aos_worker, aos_reader;
