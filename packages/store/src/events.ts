import { idOf, uuidOf, type JsonObject, type RunEvent, type StoredEvent } from '@aos/core';

import type { Db } from './db.ts';

interface EventRow {
  readonly run_id: string;
  readonly seq: number;
  readonly epoch: number;
  readonly type: RunEvent['type'];
  readonly data: JsonObject;
  readonly at: Date;
}

/** The events of a run behind `after`, in order, at most `limit`. */
export async function list(
  db: Db,
  runId: string,
  after: number,
  limit: number,
): Promise<StoredEvent[]> {
  const rows = await db.query<EventRow>(
    `select run_id, seq, epoch, type, data, at
       from aos.events
      where run_id = $1 and seq > $2
      order by seq
      limit $3`,
    [uuidOf('run', runId), after, limit],
  );
  return rows.map(toStoredEvent);
}

/** Where a reader of one run stands. */
export interface Position {
  readonly tenant: string;
  readonly runId: string;
  readonly after: number;
}

/** What is new for many readers at once, at most `limit` events for each run. */
export async function listMany(
  db: Db,
  positions: readonly Position[],
  limit: number,
): Promise<StoredEvent[]> {
  const rows = await db.query<EventRow>(
    `select e.run_id, e.seq, e.epoch, e.type, e.data, e.at
       from unnest($1::text[], $2::uuid[], $3::int[]) as reader(tenant_id, run_id, after)
      cross join lateral (
            select run_id, seq, epoch, type, data, at
              from aos.events
             where tenant_id = reader.tenant_id and run_id = reader.run_id and seq > reader.after
             order by seq
             limit $4) as e
      order by e.run_id, e.seq`,
    [
      positions.map(({ tenant }) => tenant),
      positions.map(({ runId }) => uuidOf('run', runId)),
      positions.map(({ after }) => after),
      limit,
    ],
  );
  return rows.map(toStoredEvent);
}

function toStoredEvent(row: EventRow): StoredEvent {
  return {
    runId: idOf('run', row.run_id),
    seq: row.seq,
    epoch: row.epoch,
    at: row.at,
    event: { ...row.data, type: row.type } as unknown as RunEvent,
  };
}
