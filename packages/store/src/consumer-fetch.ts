import { AosError, failures } from '@aos/core';

import type { Db } from './db.ts';
import { placeKey, readLog, wasLost, type LogEvent, type LogPlace } from './log.ts';

export interface Fetch {
  readonly tenant: string;
  readonly name: string;
  /** Who asks. Every program of the group has a name of its own. */
  readonly member: string;
  readonly limit: number;
}

/** What a member gets: events of one part, which is its own until the lease is over. */
export interface Fetched {
  readonly part: number;
  /** Acknowledge with it; it is another one once the part is in other hands. */
  readonly epoch: number;
  readonly events: readonly LogEvent[];
  readonly leaseUntil: Date;
  /** A restore lost events that were acknowledged before. */
  readonly restored: boolean;
  /** Retention dropped events that were never read. */
  readonly missed: boolean;
}

interface PartRow {
  readonly part: number;
  readonly epoch: number;
  readonly incarnation: number;
  readonly position: string;
  readonly run_id: string;
  readonly seq: number;
  readonly handed: string | null;
  readonly holder: string | null;
  /** A member that waits for a part. */
  readonly wanted: string | null;
  readonly fetched_at: Date | null;
}

/**
 * Hands out the next events of a part that the member holds or gets: the one it has not asked for longest
 * that has any. They come again until they are acknowledged. Undefined when other members hold all
 * parts. In the caller's transaction, one member of a group at a time.
 */
export async function fetchNext(tx: Db, asked: Fetch): Promise<Fetched | undefined> {
  const { tenant, name } = asked;
  const [consumer] = await tx.query<{ types: string[]; lease_ms: number }>(
    'select types, lease_ms from aos.consumers where tenant_id = $1 and name = $2',
    [tenant, name],
  );
  if (!consumer) throw new AosError('consumer_not_found', failures.consumer_not_found.meaning);
  const parts = await tx.query<PartRow>(
    `select part, epoch, incarnation, position, run_id, seq, handed,
            case when lease_until > now() then member end as holder,
            case when wanted_until > now() then wanted_by end as wanted, fetched_at
       from aos.consumer_parts
      where tenant_id = $1 and consumer = $2
      order by part
        for update`,
    [tenant, name],
  );
  const held = await hold(tx, asked, parts, consumer.lease_ms);
  let last: Fetched | undefined;
  for (const part of held) {
    last = await fetchPart(tx, asked, part, { types: consumer.types, of: parts.length });
    if (last.events.length > 0) break;
  }
  return last;
}

interface Held extends PartRow {
  readonly leaseUntil: Date;
}

/** The parts of a member: its fair share of them, kept as long as it asks. The longest unasked first. */
async function hold(
  tx: Db,
  { tenant, name, member }: Fetch,
  parts: readonly PartRow[],
  leaseMs: number,
): Promise<Held[]> {
  const { keep, letGo, want } = shareOut(parts, member);
  if (want !== undefined) {
    await tx.query(
      `update aos.consumer_parts
          set wanted_by = $3, wanted_until = now() + $5 * interval '1 ms'
        where tenant_id = $1 and consumer = $2 and part = $4`,
      [tenant, name, member, want, leaseMs],
    );
  }
  if (letGo.length > 0) {
    await tx.query(
      `update aos.consumer_parts
          set member = null, lease_until = null, epoch = epoch + 1
        where tenant_id = $1 and consumer = $2 and part = any ($3::int[])`,
      [tenant, name, letGo],
    );
  }
  const rows = await tx.query<{ part: number; epoch: number; lease_until: Date }>(
    `update aos.consumer_parts
        set epoch = case when member = $3 then epoch else epoch + 1 end,
            handed = case when member = $3 then handed end,
            member = $3,
            wanted_by = nullif(wanted_by, $3),
            lease_until = now() + $5 * interval '1 ms'
      where tenant_id = $1 and consumer = $2 and part = any ($4::int[])
  returning part, epoch, lease_until`,
    [tenant, name, member, keep, leaseMs],
  );
  const byPart = new Map(rows.map((row) => [row.part, row]));
  return parts
    .flatMap((part) => {
      const row = byPart.get(part.part);
      return row ? [{ ...part, epoch: row.epoch, leaseUntil: row.lease_until }] : [];
    })
    .toSorted((a, b) => (a.fetched_at?.getTime() ?? 0) - (b.fetched_at?.getTime() ?? 0));
}

/**
 * Which parts a member keeps or takes, which of its own it leaves to others, and which it waits for when
 * it has too few. A part with events that it was handed and has not acknowledged stays with it.
 */
export function shareOut(
  parts: readonly Pick<PartRow, 'part' | 'holder' | 'wanted' | 'handed'>[],
  member: string,
): { readonly keep: readonly number[]; readonly letGo: readonly number[]; readonly want?: number } {
  const named = parts
    .flatMap(({ holder, wanted }) => [holder, wanted])
    .filter((name) => name !== null);
  const fair = Math.ceil(parts.length / new Set([member, ...named]).size);
  const heldBy = (name: string | null) => parts.filter(({ holder }) => holder === name);
  const own = heldBy(member);
  const idle = own.filter(({ handed }) => handed === null);
  const letGo = idle.slice(0, Math.max(0, own.length - fair)).map(({ part }) => part);
  const kept = own.map(({ part }) => part).filter((part) => !letGo.includes(part));
  const taken = heldBy(null).slice(0, Math.max(0, fair - kept.length));
  const keep = [...kept, ...taken.map(({ part }) => part)];
  if (keep.length >= fair) return { keep, letGo };
  const spare = parts.find(
    ({ holder, wanted }) =>
      holder !== null &&
      holder !== member &&
      (wanted === null || wanted === member) &&
      heldBy(holder).length > fair,
  );
  return { keep, letGo, ...(spare && { want: spare.part }) };
}

async function fetchPart(
  tx: Db,
  { tenant, name, limit }: Fetch,
  part: Held,
  of: { readonly types: readonly string[]; readonly of: number },
): Promise<Fetched> {
  const offset: LogPlace = { position: part.position, runUuid: part.run_id, seq: part.seq };
  const page = await readLog(tx, {
    tenant,
    after: offset,
    limit,
    types: of.types,
    share: { part: part.part, of: of.of },
  });
  const last = page.events.at(-1);
  // Nothing for this consumer up to there: the offset moves on, or it would hold the log back.
  const place = last ? offset : page.place;
  await tx.query(
    `update aos.consumer_parts
        set fetched_at = clock_timestamp(), handed = $4, position = $5, run_id = $6, seq = $7
      where tenant_id = $1 and consumer = $2 and part = $3`,
    [
      tenant,
      name,
      part.part,
      last ? placeKey(last.place) : null,
      place.position,
      place.runUuid,
      place.seq,
    ],
  );
  const [state] = await tx.query<{ missed: boolean }>(
    'select dropped_to > $1 as missed from aos.log_state',
    [offset.position],
  );
  return {
    part: part.part,
    epoch: part.epoch,
    events: page.events,
    leaseUntil: part.leaseUntil,
    restored: await wasLost(tx, part.incarnation, offset),
    missed: state?.missed ?? false,
  };
}
