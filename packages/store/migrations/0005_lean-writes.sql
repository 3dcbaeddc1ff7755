-- Up Migration

-- Steps are written in batches with the run's own row read in the same statement, which gives them their
-- tenant and proves that the run is there. Looking each one up again is a tenth of what a checkpoint costs.
-- Runs first, as all writers do.
lock table aos.runs in access exclusive mode;
alter table aos.steps drop constraint steps_tenant_id_run_id_fkey;
