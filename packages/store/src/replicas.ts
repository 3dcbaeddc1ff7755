import type { Db } from './db.ts';

/** A replica of the API that does not renew for this long is gone. */
export const REPLICA_LEASE_MS = 15_000;
/** One that died is told for a while yet: a scrape must fail before it is forgotten, or nobody would know. */
export const REPLICA_LINGER_MS = 20_000;

export interface Replica {
  readonly uuid: string;
  readonly address: string;
  readonly port: number;
  readonly version: string;
}

/** Where metrics are to be had. */
export interface ScrapeTarget {
  readonly service: 'api' | 'worker';
  readonly address: string;
  readonly port: number;
}

/** Says that a replica of the API lives, for the first time or again. Forgets those that died a day ago. */
export async function announce(db: Db, { uuid, address, port, version }: Replica): Promise<void> {
  await db.query(
    `with old as (delete from aos.api_replicas
                   where lease_until < now() - interval '1 day' and id <> $1)
     insert into aos.api_replicas (id, address, port, version, lease_until)
     values ($1, $2, $3, $4, now() + $5 * interval '1 ms')
         on conflict (id) do update set lease_until = excluded.lease_until`,
    [uuid, address, port, version, REPLICA_LEASE_MS],
  );
}

/** It ended by itself: nobody needs to miss it. */
export async function withdraw(db: Db, uuid: string): Promise<void> {
  await db.query('delete from aos.api_replicas where id = $1', [uuid]);
}

/** All replicas that live, and those that died a moment ago; each address once. */
export async function scrapeTargets(db: Db): Promise<ScrapeTarget[]> {
  return db.query<ScrapeTarget>(
    `select 'api' as service, address, port
       from aos.api_replicas
      where lease_until > now() - $1 * interval '1 ms'
      union
     select 'worker', coalesce(address, host), port
       from aos.workers
      where port is not null
        and case when state in ('live', 'stopping') then lease_until
                 when state = 'lost' then ended_at end > now() - $1 * interval '1 ms'
      order by service, address, port`,
    [REPLICA_LINGER_MS],
  );
}
