-- Up Migration

-- Where in which trace the request that made the run stood, as W3C Trace Context writes it; null when nobody
-- named a trace: the run is one of its own then. Beside the goal, which never changes: rows of aos.runs are
-- written anew with every claim.
alter table aos.goals add column traceparent text;
