-- Up Migration

-- A process has many lives under many leases. One whose process came back was cut off, not killed by what
-- it did: that tells a run that kills its workers from one that was there when the database went away.
alter table aos.workers
  add column process_id uuid,
  -- It takes only runs that are suspected of killing their workers, one at a time.
  add column quarantine boolean not null default false;
create index workers_of_process on aos.workers (process_id, started_at);
