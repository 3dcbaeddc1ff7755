import type { Pause } from '@aos/core';

import type { Database, Db } from './db.ts';
import type { PlaceOf } from './fair-share.ts';
import type { Queue } from './queue.ts';

/** When a run at rest must be looked at all the same: its deadline, or its expiry before it began. */
export const REST_WAKE = `least(r.deadline_at, case when r.started_at is null then r.expires_at end)`;

/**
 * Puts those of the runs to rest that a pause covers: they lose their jobs, but for one at their
 * deadline. Those somebody wants cancelled, and those whose time is over, pass. Returns what rests. In
 * the caller's transaction.
 */
export async function putToRest(
  tx: Db,
  queue: Queue,
  uuids: readonly string[],
  pauses: readonly Pause[],
): Promise<ReadonlySet<string>> {
  const agents = pauses.filter(({ scope }) => scope === 'agent');
  const rows = await tx.query<{ id: string; priority: number; wake_at: Date | null }>(REST, [
    uuids,
    pauses.some(({ scope }) => scope === 'everything'),
    pauses.filter(({ scope }) => scope === 'tenant').map(({ name }) => name),
    agents.map(({ tenant }) => tenant),
    agents.map(({ name }) => name),
  ]);
  await queue.remove(
    tx,
    rows.map(({ id }) => id),
  );
  await queue.send(
    tx,
    rows.flatMap(({ id, priority, wake_at: startAfter }) =>
      startAfter ? [{ uuid: id, priority, startAfter, resumed: true }] : [],
    ),
  );
  return new Set(rows.map(({ id }) => id));
}

const REST = `
  update aos.runs r
     set status = 'waiting', waiting_for = 'pause', paused_skills = null, wake_at = ${REST_WAKE}
   where r.id = any ($1::uuid[])
     and r.status in ('queued', 'waiting')
     and r.cancel_requested_at is null
     and (r.deadline_at is null or r.deadline_at > now())
     and (r.started_at is not null or r.expires_at is null or r.expires_at > now())
     and ($2 or r.tenant_id = any ($3::text[])
          or (r.tenant_id, r.agent) in (select * from unnest($4::text[], $5::text[])))
returning r.id, r.priority, r.wake_at`;

/**
 * Sends up to `max` runs that rest though nothing holds them back any more. The eldest live worker alone
 * does it, so that several do not add up. Reads as many index entries as there are tenants and agents
 * with runs at rest, and `max`. Returns how many it sent.
 */
export async function release(
  database: Database,
  queue: Queue,
  workerUuid: string,
  max: number,
  placeOf: PlaceOf,
): Promise<number> {
  return database.transaction(async (tx) => {
    const [eldest] = await tx.query<{ id: string }>(ELDEST);
    if (eldest?.id !== workerUuid) return 0;
    const found = await tx.query<{ id: string }>(RESTED, [max]);
    const more = max - found.length;
    if (more > 0) found.push(...(await tx.query<{ id: string }>(RESTED_BY_SKILL, [more])));
    if (found.length === 0) return 0;
    await wake(
      tx,
      queue,
      found.map(({ id }) => id),
      placeOf,
    );
    return found.length;
  });
}

const ELDEST = `
  select id
    from aos.workers
   where state = 'live' and lease_until > now() and not quarantine
   order by started_at, id
   limit 1`;

interface WokenRow {
  readonly id: string;
  readonly tenant_id: string;
  readonly priority: number;
  readonly begun: boolean;
  readonly later: Date | null;
}

/** Gives runs at rest their jobs back: what was under way first, what is new behind what is queued. */
export async function wake(
  tx: Db,
  queue: Queue,
  uuids: readonly string[],
  placeOf: PlaceOf,
): Promise<void> {
  const rows = await tx.query<WokenRow>(
    `with woken as (
       update aos.runs r
          set status = 'queued', waiting_for = null, wake_at = null, paused_skills = null
        where r.id = any ($1::uuid[]) and r.waiting_for = 'pause'
    returning r.id, r.tenant_id, r.priority, r.created_at, r.started_at is not null as begun,
              case when r.started_at is null and r.start_at > now() then r.start_at end as later)
     select id, tenant_id, priority, begun, later from woken order by created_at, id`,
    [uuids],
  );
  await queue.remove(
    tx,
    rows.map(({ id }) => id),
  );
  await queue.send(
    tx,
    rows.map(({ id, tenant_id: tenant, priority, begun, later }) => ({
      uuid: id,
      priority: begun ? priority : placeOf(tenant, priority),
      resumed: begun,
      ...(later && { startAfter: later }),
    })),
  );
}

const HELD_BACK = (tenant: string, agent: string) => `
  exists (select from aos.pauses p
           where p.ended_at is null
             and (p.scope = 'everything'
                  or p.scope = 'tenant' and p.name = ${tenant}
                  or p.scope = 'agent' and p.tenant_id = ${tenant} and p.name = ${agent}))`;

/** From agent to agent by the index, so that runs which rest on do not count. */
const RESTED = `
  with recursive agents as (
    (select tenant_id, agent from aos.runs
      where waiting_for = 'pause' and paused_skills is null
      order by tenant_id, agent limit 1)
    union all
    select next.tenant_id, next.agent
      from agents a
     cross join lateral (
           select r.tenant_id, r.agent from aos.runs r
            where r.waiting_for = 'pause' and r.paused_skills is null
              and (r.tenant_id, r.agent) > (a.tenant_id, a.agent)
            order by r.tenant_id, r.agent limit 1) as next)
  select rested.id
    from agents a
   cross join lateral (
         select r.id from aos.runs r
          where r.waiting_for = 'pause' and r.paused_skills is null
            and r.tenant_id = a.tenant_id and r.agent = a.agent
            and r.pause_requested_at is null
          order by r.created_at, r.id
          limit $1
            for no key update skip locked) as rested
   where not ${HELD_BACK('a.tenant_id', 'a.agent')}
   limit $1`;

/** One of its skills may be used again. */
const RESTED_BY_SKILL = `
  select r.id
    from aos.runs r
   where r.waiting_for = 'pause' and r.paused_skills is not null
     and r.pause_requested_at is null
     and not ${HELD_BACK('r.tenant_id', 'r.agent')}
     and exists (select from unnest(r.paused_skills) as s(skill)
                  where not exists (select from aos.pauses p
                                     where p.ended_at is null and p.scope = 'skill' and p.name = s.skill
                                       and (p.all_tenants or p.tenant_id = r.tenant_id)))
   order by r.created_at, r.id
   limit $1
     for no key update of r skip locked`;
