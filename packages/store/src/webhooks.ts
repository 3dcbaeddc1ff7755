import { randomBytes } from 'node:crypto';

import { AosError, failures, idOf, newId, uuidOf } from '@aos/core';

import type { Db } from './db.ts';
import { logEnd } from './log.ts';

/** An address that is told of events. Its secrets are written here and read by workers alone. */
export interface Webhook {
  readonly id: string;
  readonly url: string;
  /** Types of events; all when there are none. */
  readonly types: readonly string[];
  /** Runs of these agents; of all when there are none. */
  readonly agents: readonly string[];
  readonly description: string;
  readonly state: 'active' | 'disabled';
  readonly disabledReason?: string;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Failures in a row, and until when it is left alone for them. */
  readonly failures: number;
  readonly pausedUntil?: Date;
  /** Until when the secret of before is used beside the new one. */
  readonly oldSecretUntil?: Date;
}

export interface WebhookChange {
  readonly url: string;
  readonly types: readonly string[];
  readonly agents: readonly string[];
  readonly description: string;
  readonly state: Webhook['state'];
}

export const WEBHOOKS_MAX = 50;
const SECRET_BYTES = 32;

/** A new secret, and how its owner is told it, this one time. */
export function newSecret(): { readonly secret: Buffer; readonly text: string } {
  const secret = randomBytes(SECRET_BYTES);
  return { secret, text: `whsec_${secret.toString('base64')}` };
}

/** It is told of what is committed from now on. Throws `quota_exceeded`. */
export async function create(
  tx: Db,
  tenant: string,
  webhook: Omit<WebhookChange, 'state'> & { readonly by: string; readonly secret: Buffer },
): Promise<Webhook> {
  const [count] = await tx.query<{ n: number }>(
    'select count(*)::int as n from aos.webhooks where tenant_id = $1',
    [tenant],
  );
  if ((count?.n ?? 0) >= WEBHOOKS_MAX) {
    throw new AosError('quota_exceeded', `A tenant has at most ${WEBHOOKS_MAX} webhooks.`);
  }
  const id = newId('webhook');
  const uuid = uuidOf('webhook', id);
  const { position } = await logEnd(tx);
  await tx.query(
    `insert into aos.webhooks (tenant_id, id, url, types, agents, description, from_position, created_by)
     values ($1, $2, $3, $4, $5, $6, $7::bigint + 1, $8)`,
    [
      tenant,
      uuid,
      webhook.url,
      webhook.types,
      webhook.agents,
      webhook.description,
      position,
      webhook.by,
    ],
  );
  await addSecret(tx, tenant, id, webhook.secret);
  return get(tx, tenant, id);
}

interface WebhookRow {
  readonly id: string;
  readonly url: string;
  readonly types: string[];
  readonly agents: string[];
  readonly description: string;
  readonly state: Webhook['state'];
  readonly disabled_reason: string | null;
  readonly created_by: string;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly failures: number;
  readonly paused_until: Date | null;
  readonly old_secret_until: Date | null;
}

const SELECT = `
  select w.id, w.url, w.types, w.agents, w.description, w.state, w.disabled_reason, w.created_by,
         w.created_at, w.updated_at, w.failures,
         case when w.paused_until > now() then w.paused_until end as paused_until,
         (select max(s.expires_at) from aos.webhook_secrets s
           where s.webhook_id = w.id and s.expires_at > now()) as old_secret_until
    from aos.webhooks w
   where w.tenant_id = $1`;

export async function get(db: Db, tenant: string, id: string): Promise<Webhook> {
  const uuid = uuidOf('webhook', id) ?? null;
  const rows = await db.query<WebhookRow>(`${SELECT} and w.id = $2`, [tenant, uuid]);
  if (!rows[0]) throw new AosError('webhook_not_found', failures.webhook_not_found.meaning);
  return toWebhook(rows[0]);
}

/** All of a tenant, oldest first: they are at most `WEBHOOKS_MAX`. */
export async function list(db: Db, tenant: string): Promise<Webhook[]> {
  const rows = await db.query<WebhookRow>(`${SELECT} order by w.id`, [tenant]);
  return rows.map(toWebhook);
}

/** Replaces what its owner says about it. Active again, it has no failures behind it. */
export async function update(
  tx: Db,
  tenant: string,
  id: string,
  change: WebhookChange,
): Promise<Webhook> {
  await tx.query(
    `update aos.webhooks
        set url = $3, types = $4, agents = $5, description = $6, state = $7, updated_at = now(),
            disabled_reason = case when $7 = 'active' then null else coalesce(disabled_reason, 'by its owner') end,
            failures = case when $7 = 'active' then 0 else failures end,
            paused_until = case when $7 = 'active' then null else paused_until end
      where tenant_id = $1 and id = $2`,
    [
      tenant,
      uuidOf('webhook', id) ?? null,
      change.url,
      change.types,
      change.agents,
      change.description,
      change.state,
    ],
  );
  return get(tx, tenant, id);
}

/** With its secrets and deliveries. */
export async function remove(db: Db, tenant: string, id: string): Promise<void> {
  const rows = await db.query(
    'delete from aos.webhooks where tenant_id = $1 and id = $2 returning id',
    [tenant, uuidOf('webhook', id) ?? null],
  );
  if (rows.length === 0)
    throw new AosError('webhook_not_found', failures.webhook_not_found.meaning);
}

/** Signs with the new secret from now on, and with the ones before it too for so long. */
export async function rotate(
  tx: Db,
  tenant: string,
  id: string,
  secret: Buffer,
  overlapMs: number,
): Promise<Webhook> {
  await get(tx, tenant, id);
  await tx.query(
    `update aos.webhook_secrets
        set expires_at = least(expires_at, now() + $3 * interval '1 ms')
      where tenant_id = $1 and webhook_id = $2`,
    [tenant, uuidOf('webhook', id), overlapMs],
  );
  await addSecret(tx, tenant, id, secret);
  return get(tx, tenant, id);
}

async function addSecret(tx: Db, tenant: string, id: string, secret: Buffer): Promise<void> {
  await tx.query(
    `insert into aos.webhook_secrets (tenant_id, id, webhook_id, secret)
     values ($1, gen_random_uuid(), $2, $3)`,
    [tenant, uuidOf('webhook', id), secret],
  );
}

function toWebhook(row: WebhookRow): Webhook {
  return {
    id: idOf('webhook', row.id),
    url: row.url,
    types: row.types,
    agents: row.agents,
    description: row.description,
    state: row.state,
    createdBy: row.created_by,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    failures: row.failures,
    ...(row.disabled_reason !== null && { disabledReason: row.disabled_reason }),
    ...(row.paused_until && { pausedUntil: row.paused_until }),
    ...(row.old_secret_until && { oldSecretUntil: row.old_secret_until }),
  };
}
