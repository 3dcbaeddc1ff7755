import {
  idOf,
  uuidOf,
  type DeliveryStep,
  type JsonObject,
  type RunEvent,
  type StoredEvent,
} from '@aos/core';

import type { Attempt } from './deliveries.ts';
import type { Database, Db } from './db.ts';

/** Rows of the log that one step of the relay looks at. */
const WINDOW_ROWS = 5_000;
/** Longer than any attempt takes: then it is somebody else's to send. */
const SENDING_MS = 45_000;
/** Positions after which the relay moves on, though nobody is to be told of anything. */
const MOVE_ON_AFTER = 10_000;
const IN_FLIGHT_MAX = 4;
/** Failures in a row after which an address is left alone, and probed by one delivery at a time. */
const BREAK_AFTER = 5;
const HISTORY_MAX = 10;
const KEEP_ENDED_DAYS = 30;
const SWEEP_MAX = 1_000;

/**
 * Makes deliveries of what is new in the log, and moves on in the same transaction: each event is made into
 * exactly one delivery for each address that wants it. One at a time; whoever finds another at it leaves
 * it alone. Returns the number of deliveries, and whether there is more to read at once.
 */
export async function relay(
  database: Database,
): Promise<{ readonly made: number; readonly more: boolean }> {
  if (!(await isWorthwhile(database))) return NOTHING;
  return database.transaction(async (tx) => {
    const [state] = await tx.query<{ from: string }>(
      `select relayed_below as "from" from aos.log_state for update skip locked`,
    );
    if (!state) return NOTHING;
    const [window] = await tx.query<{ below: string; bound: string }>(
      'select below, bound from aos.log_window($1::bigint - 1, $2)',
      [state.from, WINDOW_ROWS],
    );
    if (!window || BigInt(window.below) <= BigInt(state.from)) return NOTHING;
    const made = await tx.query(MAKE, [state.from, window.below]);
    await tx.query('update aos.log_state set relayed_below = $1', [window.below]);
    return { made: made.length, more: window.below !== window.bound };
  });
}

const NOTHING = { made: 0, more: false } as const;

/**
 * Whether there is an event and somebody to be told of it, or so much went by that it is time to move on. It
 * writes and locks nothing: an idle log, or one without webhooks, costs a reading.
 */
async function isWorthwhile(db: Db): Promise<boolean> {
  const [state] = await db.query<{ worthwhile: boolean }>(
    `select s.relayed_below + $1 <= bound.below
            or exists (select 1 from aos.webhooks where state = 'active')
               and exists (select 1 from aos.events e
                            where e.position >= s.relayed_below and e.position < bound.below) as worthwhile
       from aos.log_state s, (select aos.log_below() as below offset 0) as bound`,
    [MOVE_ON_AFTER],
  );
  return state?.worthwhile ?? false;
}

const MAKE = `
  insert into aos.deliveries (tenant_id, id, webhook_id, run_id, seq, type)
  select e.tenant_id,
         encode(substr(sha256(convert_to(w.id || ' ' || e.run_id || ' ' || e.seq, 'UTF8')), 1, 16), 'hex')::uuid,
         w.id, e.run_id, e.seq, e.type
    from aos.events e
    join aos.webhooks w
      on w.tenant_id = e.tenant_id and w.state = 'active' and w.from_position <= e.position
     and (w.types = '{}' or e.type = any (w.types))
     and (w.agents = '{}' or exists (select 1 from aos.runs r where r.id = e.run_id and r.agent = any (w.agents)))
   where e.position >= $1 and e.position < $2
      on conflict do nothing
  returning id`;

/** A delivery to be sent now, with what it needs. */
export interface Sending {
  readonly id: string;
  readonly webhookId: string;
  readonly url: string;
  readonly attempts: number;
  readonly expiresAt: Date;
  readonly createdAt: Date;
  /** Undefined for a ping. */
  readonly event?: StoredEvent;
  /** Newest first. */
  readonly secrets: readonly Buffer[];
}

interface SendingRow {
  readonly id: string;
  readonly webhook_id: string;
  readonly url: string;
  readonly attempts: number;
  readonly expires_at: Date;
  readonly created_at: Date;
  readonly run_id: string | null;
  readonly seq: number | null;
  readonly epoch: number;
  readonly type: RunEvent['type'];
  readonly data: JsonObject | null;
  readonly at: Date;
  readonly secrets: Buffer[] | null;
}

/**
 * Takes deliveries that are due, at most `max`, and few for each address, so that a slow one holds up no
 * other. Of one run an address is sent one at a time, in order. They come again when nothing is recorded.
 * `busy`: how many this worker is sending, by webhook.
 */
export async function takeDue(
  db: Db,
  busy: ReadonlyMap<string, number>,
  max: number,
): Promise<Sending[]> {
  const rows = await db.query<SendingRow>(TAKE, [
    [...busy.keys()].map((id) => uuidOf('webhook', id)),
    [...busy.values()],
    max,
    SENDING_MS,
  ]);
  return rows.map(toSending);
}

const TAKE = `
  with open as (
    select w.id, w.url,
           case when w.failures >= ${BREAK_AFTER} then 1 else ${IN_FLIGHT_MAX} end - coalesce(b.n, 0) as room
      from aos.webhooks w
      left join unnest($1::uuid[], $2::int[]) as b(id, n) on b.id = w.id
     where w.state = 'active' and (w.paused_until is null or w.paused_until <= now())),
  due as (
    select d.id, open.url
      from open
     cross join lateral (
           select d.id, d.next_at
             from aos.deliveries d
            where d.webhook_id = open.id and d.state = 'pending' and d.next_at <= now()
              and not exists (select 1 from aos.deliveries f
                               where f.webhook_id = d.webhook_id and f.run_id = d.run_id and f.seq < d.seq
                                 and f.state = 'pending')
            order by d.next_at, d.id
            limit greatest(open.room, 0)
              for update of d skip locked) as d
     where open.room > 0
     order by d.next_at
     limit $3),
  taken as (
    update aos.deliveries d
       set attempts = d.attempts + 1, next_at = now() + $4 * interval '1 ms'
      from due
     where d.id = due.id
    returning d.*, due.url)
  select t.id, t.webhook_id, t.url, t.attempts, t.expires_at, t.created_at, t.run_id, t.seq,
         e.epoch, t.type, e.data, e.at,
         (select array_agg(s.secret order by s.created_at desc, s.id) from aos.webhook_secrets s
           where s.webhook_id = t.webhook_id and (s.expires_at is null or s.expires_at > now())) as secrets
    from taken t
    left join aos.events e on e.run_id = t.run_id and e.seq = t.seq
   where t.run_id is null or e.run_id is not null`;

/** What became of an attempt. Nothing when it was taken again meanwhile: the later attempt counts. */
export async function record(
  database: Database,
  { id, webhookId, attempts }: Sending,
  step: DeliveryStep,
  attempt: Attempt,
): Promise<void> {
  await database.transaction(async (tx) => {
    const state = step.next === 'retry' ? 'pending' : step.next;
    const recorded = await tx.query(
      `update aos.deliveries
          set state = $3, next_at = coalesce($4, next_at), ended_at = case when $3 <> 'pending' then now() end,
              history = (case when jsonb_array_length(history) >= ${HISTORY_MAX} then history - 0 else history end) || $5::jsonb
        where id = $1 and attempts = $2 and state = 'pending'
    returning id`,
      [
        uuidOf('delivery', id),
        attempts,
        state,
        step.next === 'retry' ? step.at : null,
        JSON.stringify([attempt]),
      ],
    );
    if (recorded.length === 0) return;
    const webhook = uuidOf('webhook', webhookId);
    if (step.next === 'delivered') {
      await tx.query(
        'update aos.webhooks set failures = 0, paused_until = null where id = $1 and failures > 0',
        [webhook],
      );
    } else {
      await tx.query(FAILED, [webhook, step.next === 'dead' && step.gone]);
    }
  });
}

const FAILED = `
  update aos.webhooks
     set failures = failures + 1,
         paused_until = case when failures + 1 >= ${BREAK_AFTER} then
           now() + least(30 * 2 ^ least(failures + 1 - ${BREAK_AFTER}, 10), 600) * (0.5 + random() / 2) * interval '1 s'
         end,
         state = case when $2 then 'disabled' else state end,
         disabled_reason = case when $2 then 'It answered 410 Gone.' else disabled_reason end,
         updated_at = case when $2 then now() else updated_at end
   where id = $1`;

/**
 * Gives up what expired without being sent, or whose event is no more, and removes what ended long ago and
 * secrets that are over. Bounded; call it again. Returns how many it gave up.
 */
export async function sweep(db: Db): Promise<number> {
  const dead = await db.query(
    `update aos.deliveries
        set state = 'dead', ended_at = now(),
            history = history || jsonb_build_array(jsonb_build_object(
              'at', to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
              'durationMs', 0, 'error', 'It was given up before it could be sent.'))
      where id in (select d.id from aos.deliveries d
                    where d.state = 'pending' and d.next_at <= now()
                      and (d.expires_at < now()
                           or d.run_id is not null
                              and not exists (select 1 from aos.events e where e.run_id = d.run_id and e.seq = d.seq))
                    limit $1 for update skip locked)
  returning id`,
    [SWEEP_MAX],
  );
  await db.query(
    `delete from aos.deliveries
      where id in (select id from aos.deliveries
                    where ended_at < now() - $2 * interval '1 day' limit $1 for update skip locked)`,
    [SWEEP_MAX, KEEP_ENDED_DAYS],
  );
  await db.query('delete from aos.webhook_secrets where expires_at < now()');
  return dead.length;
}

function toSending(row: SendingRow): Sending {
  const { run_id: run, seq, data } = row;
  return {
    id: idOf('delivery', row.id),
    webhookId: idOf('webhook', row.webhook_id),
    url: row.url,
    attempts: row.attempts,
    expiresAt: row.expires_at,
    createdAt: row.created_at,
    secrets: row.secrets ?? [],
    ...(run !== null &&
      seq !== null &&
      data !== null && {
        event: {
          runId: idOf('run', run),
          seq,
          epoch: row.epoch,
          at: row.at,
          event: { ...data, type: row.type } as unknown as RunEvent,
        },
      }),
  };
}
