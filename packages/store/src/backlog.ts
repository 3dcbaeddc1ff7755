import type { Db } from './db.ts';
import { RESUMED_FROM, type QueueHead } from './fair-share.ts';

/** What stands first among the new runs, and how many runs have ever finished. */
export interface Head {
  readonly head?: QueueHead;
  readonly finished: number;
}

/** A tenant that has runs queued, or a weight of its own. */
export interface Depth {
  readonly tenant: string;
  readonly queued: number;
  /** Those of them that could start now. */
  readonly ready: number;
  readonly weight: number;
  /** How long its oldest run waits that was to start at once, in seconds. */
  readonly waitedS: number;
}

/** Two index probes: cheap enough for every second. */
export async function head(db: Db): Promise<Head> {
  const [row] = await db.query<{
    place: number | null;
    priority: number | null;
    finished: string;
  }>(`select place, priority, finished from aos.queue_head($1)`, [RESUMED_FROM]);
  return {
    ...(row && row.place !== null && { head: { place: row.place, priority: row.priority ?? 0 } }),
    finished: Number(row?.finished ?? 0),
  };
}

/** Reads as many index entries as runs are queued, at most `countedMax`. */
export async function depths(db: Db, countedMax: number): Promise<Depth[]> {
  const rows = await db.query<{
    tenant_id: string;
    queued: number;
    ready: number;
    weight: number;
    waited_s: number | null;
  }>(`select tenant_id, queued, ready, weight, waited_s from aos.queue_depths($1)`, [countedMax]);
  return rows.map(({ tenant_id: tenant, queued, ready, weight, waited_s: waitedS }) => ({
    tenant,
    queued,
    ready,
    weight,
    waitedS: waitedS ?? 0,
  }));
}

const AHEAD_MAX = 10_000;

/** Jobs of all tenants that come before the run's; counted up to 10,000. Undefined when it has no job. */
export async function countAhead(db: Db, uuid: string): Promise<number | undefined> {
  const rows = await db.query<{ ahead: number | null }>(
    `select (select count(*)
               from (select
                       from pgboss.job j
                      where j.name = 'runs' and j.state < 'active' and not j.blocked
                        and j.start_after <= now()
                        and (j.priority > own.priority
                             or j.priority = own.priority and j.created_on < own.created_on)
                      limit $2) as ahead)::int as ahead
       from pgboss.job own
      where own.name = 'runs' and own.id = $1 and own.state < 'active'`,
    [uuid, AHEAD_MAX],
  );
  return rows[0]?.ahead ?? undefined;
}
