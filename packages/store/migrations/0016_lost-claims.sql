-- Up Migration

-- Under which claims workers died, the last eight: a run is suspected for deaths that came with it in hand.
create type aos.lost_claim as (epoch bigint, worker_id uuid);
alter table aos.runs add column lost_claims aos.lost_claim[];
