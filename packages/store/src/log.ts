import { idOf, type JsonObject, type RunEvent, type StoredEvent } from '@aos/core';

import type { Db } from './db.ts';

/** A place in the log of all runs; places are compared by position, then run, then seq. */
export interface LogPlace {
  /** A bigint, as text. */
  readonly position: string;
  readonly runUuid: string;
  readonly seq: number;
}

export interface LogEvent extends StoredEvent {
  readonly tenant: string;
  readonly place: LogPlace;
}

export interface LogQuery {
  readonly tenant: string;
  readonly after: LogPlace;
  readonly limit: number;
  /** All when it is absent or empty. */
  readonly types?: readonly string[];
  /** One share of the runs, of so many. */
  readonly share?: { readonly part: number; readonly of: number };
}

export interface LogPage {
  readonly events: readonly LogEvent[];
  /** Everything up to here was seen; where to read on. */
  readonly place: LogPlace;
  /** Nothing more can be read now. */
  readonly caughtUp: boolean;
  readonly incarnation: number;
}

/** Rows of all tenants that one statement looks at, and statements of one page: whoever has few events pays for those of others. */
const WINDOW_ROWS = 5_000;
const WINDOWS_MAX = 10;

const LAST_RUN = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
const LAST_SEQ = 2_147_483_647;

/** The place behind everything before that position. */
export function before(position: string | bigint): LogPlace {
  const below = BigInt(position);
  const last = below > 0n ? below - 1n : 0n;
  return { position: last.toString(), runUuid: LAST_RUN, seq: LAST_SEQ };
}

/** Before everything. What was written before there was a log has no place in it. */
export const LOG_START: LogPlace = before('1');

/** Behind everything that can be read now. */
export async function logEnd(db: Db): Promise<LogPlace> {
  const rows = await db.query<{ below: string }>('select aos.log_below() as below');
  return before(rows[0]?.below ?? '1');
}

/** A little before everything of that moment and later. */
export async function placeAt(db: Db, moment: Date): Promise<LogPlace> {
  const rows = await db.query<{ position: string }>('select aos.log_position_at($1) as position', [
    moment,
  ]);
  return before(rows[0]?.position ?? '1');
}

/**
 * Events in the order of the log, from behind a place. Nothing that is committed later can come before
 * `place`, so reading on from there misses nothing. Looks at a bounded part of the log: no events do not
 * mean that there are none further on, unless it has caught up.
 */
export async function readLog(db: Db, query: LogQuery): Promise<LogPage> {
  const events: LogEvent[] = [];
  let place = query.after;
  let window = await nextWindow(db, place);
  for (let n = 1; ; n++) {
    const limit = query.limit - events.length;
    events.push(...(await read(db, { ...query, after: place, limit }, window.below)));
    const full = events.length >= query.limit;
    if (full) place = events.at(-1)?.place ?? place;
    else if (BigInt(window.below) > BigInt(place.position)) place = before(window.below);
    const caughtUp = !full && window.below === window.bound;
    if (full || caughtUp || n === WINDOWS_MAX) {
      return { events, place, caughtUp, incarnation: window.incarnation };
    }
    window = await nextWindow(db, place);
  }
}

interface Window {
  readonly incarnation: number;
  readonly below: string;
  readonly bound: string;
}

async function nextWindow(db: Db, after: LogPlace): Promise<Window> {
  const rows = await db.query<Window>(
    'select incarnation, below, bound from aos.log_window($1, $2)',
    [after.position, WINDOW_ROWS],
  );
  return rows[0] as Window;
}

interface LogRow {
  readonly tenant_id: string;
  readonly position: string;
  readonly run_id: string;
  readonly seq: number;
  readonly epoch: number;
  readonly type: RunEvent['type'];
  readonly data: JsonObject;
  readonly at: Date;
}

/** The last four digits of a run's id are random: they spread runs evenly, and anybody can compute it. */
export const SHARE_OF = `('x' || right(e.run_id::text, 4))::bit(16)::int`;

async function read(db: Db, query: LogQuery, below: string): Promise<LogEvent[]> {
  const { tenant, after, limit, types = [], share } = query;
  const rows = await db.query<LogRow>(
    `select e.tenant_id, e.position, e.run_id, e.seq, e.epoch, e.type, e.data, e.at
       from aos.events e
      where e.tenant_id = $1
        and e.position >= $2 and e.position < $5
        and (e.position, e.run_id, e.seq) > ($2, $3, $4)
        and ($6::text[] = '{}' or e.type = any ($6))
        and ($7 = 1 or ${SHARE_OF} % $7 = $8)
      order by e.position, e.run_id, e.seq
      limit $9`,
    [
      tenant,
      after.position,
      after.runUuid,
      after.seq,
      below,
      types,
      share?.of ?? 1,
      share?.part ?? 0,
      limit,
    ],
  );
  return rows.map(toLogEvent);
}

export function toLogEvent(row: LogRow): LogEvent {
  const { position, run_id: runUuid, seq } = row;
  return {
    tenant: row.tenant_id,
    runId: idOf('run', runUuid),
    seq,
    epoch: row.epoch,
    at: row.at,
    event: { ...row.data, type: row.type } as unknown as RunEvent,
    place: { position, runUuid, seq },
  };
}

export function placeKey({ position, runUuid, seq }: LogPlace): string {
  return `${position}:${runUuid}:${seq}`;
}

/** What became of the log in restores: where each incarnation that is over ended. */
export async function incarnations(db: Db): Promise<{
  readonly n: number;
  readonly beganAt: Date;
  readonly reason: string;
  /** It lives on another server, or on another line of its history, than when this incarnation began. */
  readonly moved: boolean;
  readonly ends: readonly { readonly n: number; readonly end: number }[];
}> {
  const rows = await db.query<{
    n: number;
    began_at: Date;
    reason: string;
    moved: boolean;
    ends: { n: number; end: number }[];
  }>(
    `select n, began_at, reason, ends, origin is distinct from aos.database_origin() as moved
       from aos.incarnation`,
  );
  const row = rows[0];
  if (!row) throw new Error('The database has no incarnation.');
  const { n, reason, moved, ends } = row;
  return { n, beganAt: row.began_at, reason, moved, ends };
}

/** Whether somebody who read up to that place has read events that a restore lost. */
export async function wasLost(db: Db, incarnation: number, place: LogPlace): Promise<boolean> {
  const { n, ends } = await incarnations(db);
  const end = ends.find((one) => one.n === incarnation);
  // A place behind a whole window says that nothing was before it, not that something was there.
  const event = place.seq !== LAST_SEQ;
  return incarnation < n && end !== undefined && event && BigInt(place.position) > BigInt(end.end);
}
