-- Up Migration

-- Counters that survive the death of a process: raised in the transaction that makes the fact true, so
-- their sums equal the journal. Every worker has rows of its own, one set for each commit lane, so that
-- no two writers wait for each other.
create table aos.tallies (
  worker_id uuid not null,
  lane      smallint not null,
  metric    text not null,
  label_a   text not null default '',
  label_b   text not null default '',
  value     bigint not null,
  primary key (worker_id, lane, metric, label_a, label_b)
) with (fillfactor = 70);
grant select on aos.tallies to aos_api, aos_reader;
grant select, insert, update, delete on aos.tallies to aos_worker;

-- What the installation as a whole is doing, without any tenant's rows: for /metrics and /readyz.
create function aos.gauges()
  returns table (
    runs_queued bigint, runs_running bigint, runs_waiting bigint,
    queue_age_seconds double precision, approvals_open bigint,
    workers_live bigint, worker_slots bigint)
  language sql stable security definer set search_path = aos, pg_temp
as $$
  select count(*) filter (where status = 'queued'),
         count(*) filter (where status = 'running'),
         count(*) filter (where status = 'waiting'),
         coalesce(extract(epoch from now() - min(greatest(created_at, start_at)) filter (
           where status = 'queued' and (start_at is null or start_at <= now()))), 0)::double precision,
         (select count(*) from aos.approvals where decision is null),
         (select count(*) from aos.workers where state = 'live' and lease_until > now()),
         (select coalesce(sum(slots), 0) from aos.workers where state = 'live' and lease_until > now())
    from aos.runs
   where status <> 'finished'
$$;
revoke execute on function aos.gauges from public;
grant execute on function aos.gauges to aos_api, aos_worker, aos_reader;
