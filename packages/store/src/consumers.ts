import { AosError, failures } from '@aos/core';

import type { Db } from './db.ts';
import { LOG_START, logEnd, placeAt, placeKey, SHARE_OF, type LogPlace } from './log.ts';

/** A group of programs that read the log and remember how far. */
export interface Consumer {
  readonly name: string;
  readonly types: readonly string[];
  readonly leaseMs: number;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly reset?: { readonly at: Date; readonly by: string; readonly reason: string };
  readonly parts: readonly ConsumerPart[];
}

export interface ConsumerPart {
  readonly part: number;
  /** Everything up to here was acknowledged. */
  readonly place: LogPlace;
  readonly incarnation: number;
  readonly member?: string;
  readonly leaseUntil?: Date;
  readonly ackedAt: Date;
}

/** Where reading begins: the start or end of the log, a moment, or a place somebody has read to. */
export type From = 'start' | 'end' | Date | LogPlace;

export interface NewConsumer {
  readonly tenant: string;
  readonly name: string;
  readonly types: readonly string[];
  readonly parts: number;
  readonly leaseMs: number;
  readonly from: From;
  readonly by: string;
}

export const CONSUMERS_MAX = 100;

/** Throws `consumer_exists`, and `quota_exceeded` when the tenant has too many. */
export async function create(tx: Db, consumer: NewConsumer): Promise<Consumer> {
  const { tenant, name } = consumer;
  const place = await placeOf(tx, consumer.from);
  const [count] = await tx.query<{ n: number }>(
    'select count(*)::int as n from aos.consumers where tenant_id = $1',
    [tenant],
  );
  if ((count?.n ?? 0) >= CONSUMERS_MAX) {
    throw new AosError('quota_exceeded', `A tenant has at most ${CONSUMERS_MAX} consumers.`);
  }
  const made = await tx.query(
    `insert into aos.consumers (tenant_id, name, types, parts, lease_ms, created_by)
     values ($1, $2, $3, $4, $5, $6)
         on conflict do nothing
  returning name`,
    [tenant, name, consumer.types, consumer.parts, consumer.leaseMs, consumer.by],
  );
  if (made.length === 0) throw new AosError('consumer_exists', failures.consumer_exists.meaning);
  await tx.query(
    `insert into aos.consumer_parts (tenant_id, consumer, part, incarnation, position, run_id, seq)
     select $1, $2, part, (select n from aos.incarnation), $4, $5, $6
       from generate_series(0, $3 - 1) as part`,
    [tenant, name, consumer.parts, place.position, place.runUuid, place.seq],
  );
  return get(tx, tenant, name);
}

interface ConsumerRow {
  readonly name: string;
  readonly types: string[];
  readonly lease_ms: number;
  readonly created_by: string;
  readonly created_at: Date;
  readonly reset_at: Date | null;
  readonly reset_by: string | null;
  readonly reset_reason: string | null;
  readonly parts: {
    readonly part: number;
    readonly incarnation: number;
    readonly position: string;
    readonly run_id: string;
    readonly seq: number;
    readonly member: string | null;
    readonly lease_until: string | null;
    readonly acked_at: string;
  }[];
}

const SELECT = `
  select c.name, c.types, c.lease_ms, c.created_by, c.created_at, c.reset_at, c.reset_by, c.reset_reason,
         (select jsonb_agg(jsonb_build_object(
                   'part', p.part, 'incarnation', p.incarnation, 'position', p.position::text, 'run_id', p.run_id,
                   'seq', p.seq, 'member', case when p.lease_until > now() then p.member end,
                   'lease_until', p.lease_until, 'acked_at', p.acked_at) order by p.part)
            from aos.consumer_parts p where p.tenant_id = c.tenant_id and p.consumer = c.name) as parts
    from aos.consumers c
   where c.tenant_id = $1`;

export async function get(db: Db, tenant: string, name: string): Promise<Consumer> {
  const rows = await db.query<ConsumerRow>(`${SELECT} and c.name = $2`, [tenant, name]);
  if (!rows[0]) throw new AosError('consumer_not_found', failures.consumer_not_found.meaning);
  return toConsumer(rows[0]);
}

/** All of a tenant, by name: they are at most `CONSUMERS_MAX`. */
export async function list(db: Db, tenant: string): Promise<Consumer[]> {
  const rows = await db.query<ConsumerRow>(`${SELECT} order by c.name`, [tenant]);
  return rows.map(toConsumer);
}

export async function remove(db: Db, tenant: string, name: string): Promise<void> {
  const rows = await db.query(
    'delete from aos.consumers where tenant_id = $1 and name = $2 returning name',
    [tenant, name],
  );
  if (rows.length === 0)
    throw new AosError('consumer_not_found', failures.consumer_not_found.meaning);
}

export interface Ack {
  readonly tenant: string;
  readonly name: string;
  readonly member: string;
  readonly part: number;
  readonly epoch: number;
  readonly place: LogPlace;
}

/**
 * Moves the offset of a part up to a place. It never moves back: acknowledging twice changes nothing.
 * Throws `lease_lost` when the part is in other hands, and `consumer_not_found`.
 */
export async function ack(tx: Db, given: Ack): Promise<void> {
  const { tenant, name, part, epoch, member, place } = given;
  const moved = await tx.query(
    `update aos.consumer_parts p
        set position = greatest(p.position, $6), incarnation = (select n from aos.incarnation),
            run_id = case when (p.position, p.run_id, p.seq) < ($6, $7, $8) then $7 else p.run_id end,
            seq = case when (p.position, p.run_id, p.seq) < ($6, $7, $8) then $8 else p.seq end,
            handed = nullif(p.handed, $9),
            acked_at = now(),
            lease_until = now() + c.lease_ms * interval '1 ms'
       from aos.consumers c
      where p.tenant_id = $1 and p.consumer = $2 and p.part = $3 and p.epoch = $4 and p.member = $5
        and c.tenant_id = p.tenant_id and c.name = p.consumer
        and $6 < aos.log_below()
  returning p.part`,
    [tenant, name, part, epoch, member, place.position, place.runUuid, place.seq, placeKey(place)],
  );
  if (moved.length > 0) return;
  await get(tx, tenant, name);
  throw new AosError('lease_lost', failures.lease_lost.meaning);
}

/** Begins anew from there, for all parts. Whatever is acknowledged from before is refused. */
export async function reset(
  tx: Db,
  given: {
    readonly tenant: string;
    readonly name: string;
    readonly from: From;
    readonly by: string;
    readonly reason: string;
  },
): Promise<Consumer> {
  const { tenant, name, by, reason } = given;
  const place = await placeOf(tx, given.from);
  await tx.query(
    `update aos.consumers
        set reset_at = now(), reset_by = $3, reset_reason = $4
      where tenant_id = $1 and name = $2`,
    [tenant, name, by, reason],
  );
  await tx.query(
    `update aos.consumer_parts
        set incarnation = (select n from aos.incarnation), position = $3, run_id = $4, seq = $5,
            epoch = epoch + 1, member = null, lease_until = null, handed = null, acked_at = now()
      where tenant_id = $1 and consumer = $2`,
    [tenant, name, place.position, place.runUuid, place.seq],
  );
  return get(tx, tenant, name);
}

async function placeOf(db: Db, from: From): Promise<LogPlace> {
  if (from === 'start') return LOG_START;
  const end = await logEnd(db);
  if (from === 'end') return end;
  if (from instanceof Date) return placeAt(db, from);
  // A place beyond the end would hide what comes next.
  return BigInt(from.position) > BigInt(end.position) ? end : from;
}

/** How far behind a consumer is: its oldest event that was not acknowledged, and how many there are. */
export async function lag(
  db: Db,
  tenant: string,
  { name, types, parts }: Consumer,
): Promise<{ readonly events: number; readonly atLeast: boolean; readonly seconds: number }> {
  const least = parts.reduce(
    (low, { place }) => (BigInt(place.position) < low ? BigInt(place.position) : low),
    BigInt(parts[0]?.place.position ?? 0),
  );
  const rows = await db.query<{ n: number; seconds: number; below: string; bound: string }>(
    `select count(behind.at)::int as n, w.below, w.bound,
            coalesce(extract(epoch from clock_timestamp() - min(behind.at)), 0)::float8 as seconds
       from aos.log_window($2, $4) w
       left join lateral (
            select e.at
              from aos.events e
              join aos.consumer_parts p
                on p.tenant_id = $1 and p.consumer = $5
               and p.part = ${SHARE_OF} % $6
             where e.tenant_id = $1
               and e.position >= $2 and e.position < w.below
               and (e.position, e.run_id, e.seq) > (p.position, p.run_id, p.seq)
               and ($3::text[] = '{}' or e.type = any ($3))) as behind on true
      group by w.below, w.bound`,
    [tenant, least.toString(), types, LAG_ROWS_MAX, name, parts.length],
  );
  const row = rows[0];
  return {
    events: row?.n ?? 0,
    atLeast: row !== undefined && row.below !== row.bound,
    seconds: row?.seconds ?? 0,
  };
}

const LAG_ROWS_MAX = 10_000;

function toConsumer(row: ConsumerRow): Consumer {
  return {
    name: row.name,
    types: row.types,
    leaseMs: row.lease_ms,
    createdBy: row.created_by,
    createdAt: row.created_at,
    ...(row.reset_at && {
      reset: { at: row.reset_at, by: row.reset_by ?? '', reason: row.reset_reason ?? '' },
    }),
    parts: row.parts.map((part) => ({
      part: part.part,
      place: { position: part.position, runUuid: part.run_id, seq: part.seq },
      incarnation: part.incarnation,
      ackedAt: new Date(part.acked_at),
      ...(part.member !== null &&
        part.lease_until !== null && {
          member: part.member,
          leaseUntil: new Date(part.lease_until),
        }),
    })),
  };
}
