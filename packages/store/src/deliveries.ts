import { AosError, failures, idOf, newId, uuidOf } from '@aos/core';

import type { Db } from './db.ts';

/** One event for one address. */
export interface Delivery {
  readonly id: string;
  readonly webhookId: string;
  /** The event; none for a ping. */
  readonly runId?: string;
  readonly seq?: number;
  readonly type: string;
  readonly state: 'pending' | 'delivered' | 'dead';
  readonly attempts: number;
  readonly nextAt?: Date;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly endedAt?: Date;
  readonly redeliveries: number;
  /** The last attempts, oldest first. */
  readonly history: readonly Attempt[];
}

export interface Attempt {
  readonly at: string;
  readonly durationMs: number;
  readonly status?: number;
  /** The beginning of the answer. */
  readonly answer?: string;
  readonly error?: string;
}

export const PING_TYPE = 'webhook.ping';
/** Deliveries that one call sends again. */
export const REDELIVER_MAX = 1_000;

interface DeliveryRow {
  readonly id: string;
  readonly webhook_id: string;
  readonly run_id: string | null;
  readonly seq: number | null;
  readonly type: string;
  readonly state: Delivery['state'];
  readonly attempts: number;
  readonly next_at: Date;
  readonly created_at: Date;
  readonly place: string;
  readonly expires_at: Date;
  readonly ended_at: Date | null;
  readonly redeliveries: number;
  readonly history: Attempt[];
}

const COLUMNS = `d.id, d.webhook_id, d.run_id, d.seq, d.type, d.state, d.attempts, d.next_at, d.created_at,
            d.created_at::text as place, d.expires_at, d.ended_at, d.redeliveries, d.history`;

/** A delivery without an event, to see whether the address takes it. */
export async function ping(tx: Db, tenant: string, webhookId: string): Promise<Delivery> {
  const id = newId('delivery');
  await tx.query(
    `insert into aos.deliveries (tenant_id, id, webhook_id, type, expires_at)
     values ($1, $2, $3, $4, now() + interval '5 minutes')`,
    [tenant, uuidOf('delivery', id), uuidOf('webhook', webhookId), PING_TYPE],
  );
  return get(tx, tenant, webhookId, id);
}

export async function get(
  db: Db,
  tenant: string,
  webhookId: string,
  id: string,
): Promise<Delivery> {
  const rows = await db.query<DeliveryRow>(
    `select ${COLUMNS} from aos.deliveries d where d.tenant_id = $1 and d.webhook_id = $2 and d.id = $3`,
    [tenant, uuidOf('webhook', webhookId) ?? null, uuidOf('delivery', id) ?? null],
  );
  if (!rows[0]) throw new AosError('delivery_not_found', failures.delivery_not_found.meaning);
  return toDelivery(rows[0]);
}

/** Newest first, from behind the place `after`. */
export async function list(
  db: Db,
  tenant: string,
  webhookId: string,
  page: {
    readonly state?: Delivery['state'];
    readonly limit: number;
    readonly after?: { readonly createdAt: string; readonly id: string };
  },
): Promise<{
  readonly items: readonly Delivery[];
  readonly next?: { readonly createdAt: string; readonly id: string };
}> {
  const rows = await db.query<DeliveryRow>(
    `select ${COLUMNS}
       from aos.deliveries d
      where d.tenant_id = $1 and d.webhook_id = $2
        and ($3::text is null or d.state = $3)
        and ($4::timestamptz is null or (d.created_at, d.id) < ($4, $5::uuid))
      order by d.created_at desc, d.id desc
      limit $6 + 1`,
    [
      tenant,
      uuidOf('webhook', webhookId) ?? null,
      page.state ?? null,
      page.after?.createdAt ?? null,
      page.after ? (uuidOf('delivery', page.after.id) ?? null) : null,
      page.limit,
    ],
  );
  const last = rows.length > page.limit ? rows[page.limit - 1] : undefined;
  return {
    items: rows.slice(0, page.limit).map(toDelivery),
    ...(last && { next: { createdAt: last.place, id: idOf('delivery', last.id) } }),
  };
}

/** Sends one again, whatever became of it; it keeps its id. Throws `event_dropped` when there is nothing left to send. */
export async function redeliver(
  tx: Db,
  tenant: string,
  webhookId: string,
  id: string,
): Promise<Delivery> {
  await get(tx, tenant, webhookId, id);
  const sent = await tx.query(`${AGAIN} and d.id = $3 returning d.id`, [
    tenant,
    uuidOf('webhook', webhookId),
    uuidOf('delivery', id),
  ]);
  if (sent.length === 0) throw new AosError('event_dropped', failures.event_dropped.meaning);
  return get(tx, tenant, webhookId, id);
}

/**
 * Sends the deliveries of a time again, oldest first and at most `REDELIVER_MAX`. `more`: there are others
 * left.
 */
export async function redeliverMany(
  tx: Db,
  tenant: string,
  webhookId: string,
  which: {
    readonly state: 'delivered' | 'dead' | 'all';
    readonly from: Date;
    readonly to?: Date;
  },
): Promise<{ readonly count: number; readonly more: boolean }> {
  const rows = await tx.query<{ id: string }>(
    `select d.id
       from aos.deliveries d
      where d.tenant_id = $1 and d.webhook_id = $2
        and d.created_at >= $3 and ($4::timestamptz is null or d.created_at < $4)
        and d.state <> 'pending' and ($5 = 'all' or d.state = $5)
        and d.type <> '${PING_TYPE}'
        and exists (select 1 from aos.events e where e.run_id = d.run_id and e.seq = d.seq)
      order by d.created_at, d.id
      limit $6 + 1`,
    [
      tenant,
      uuidOf('webhook', webhookId) ?? null,
      which.from,
      which.to ?? null,
      which.state,
      REDELIVER_MAX,
    ],
  );
  const ids = rows.slice(0, REDELIVER_MAX).map(({ id }) => id);
  const sent = await tx.query(`${AGAIN} and d.id = any ($3::uuid[]) returning d.id`, [
    tenant,
    uuidOf('webhook', webhookId) ?? null,
    ids,
  ]);
  return { count: sent.length, more: rows.length > REDELIVER_MAX };
}

const AGAIN = `
  update aos.deliveries d
     set state = 'pending', next_at = now(), expires_at = now() + interval '24 hours', ended_at = null,
         redeliveries = redeliveries + 1
   where d.tenant_id = $1 and d.webhook_id = $2
     and (d.run_id is null
          or exists (select 1 from aos.events e where e.run_id = d.run_id and e.seq = d.seq))`;

function toDelivery(row: DeliveryRow): Delivery {
  return {
    id: idOf('delivery', row.id),
    webhookId: idOf('webhook', row.webhook_id),
    ...(row.run_id !== null &&
      row.seq !== null && { runId: idOf('run', row.run_id), seq: row.seq }),
    type: row.type,
    state: row.state,
    attempts: row.attempts,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    redeliveries: row.redeliveries,
    history: row.history,
    ...(row.state === 'pending' && { nextAt: row.next_at }),
    ...(row.ended_at && { endedAt: row.ended_at }),
  };
}
