import { hash, randomBytes } from 'node:crypto';

import { idOf, newId, uuidOf } from '@aos/core';

import type { Db } from './db.ts';

export const scopes = [
  'runs:read',
  'runs:write',
  'agents:read',
  'agents:write',
  'skills:read',
  'approvals:read',
  'approvals:write',
  'events:read',
  'events:write',
  'webhooks:read',
  'webhooks:write',
  'admin',
] as const;
export type Scope = (typeof scopes)[number];

export interface NewApiKey {
  readonly tenant: string;
  /** Who it is for; told as `by` in the journal. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly expiresAt?: Date;
}

/** What is known of a key. The secret itself is nowhere but with its holder. */
export interface ApiKey {
  readonly id: string;
  readonly tenant: string;
  readonly name: string;
  readonly secretHash: Buffer;
  readonly scopes: readonly string[];
  readonly expiresAt?: Date;
  readonly revokedAt?: Date;
}

const SECRET_BYTES = 32;
/** The id without its dashes, then 256 random bits. The prefix lets secret scanners find leaked keys. */
const KEY = /^aos_([0-9a-f]{32})_([A-Za-z0-9_-]{43})$/;

/** A new key: this is the one time it can be read. */
export async function create(db: Db, key: NewApiKey): Promise<{ id: string; key: string }> {
  const id = newId('key');
  const uuid = uuidOf('key', id) as string;
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  await db.query(
    `insert into aos.api_keys (tenant_id, id, name, secret_hash, scopes, expires_at)
     values ($1, $2, $3, $4, $5, $6)`,
    [key.tenant, uuid, key.name, hashSecret(secret), key.scopes, key.expiresAt ?? null],
  );
  return { id, key: `aos_${uuid.replaceAll('-', '')}_${secret}` };
}

/** The parts of a key; undefined for anything that has not the form of one. */
export function parse(key: string): { id: string; secret: string } | undefined {
  const [, hex, secret] = KEY.exec(key) ?? [];
  if (!hex || !secret) return undefined;
  const parts = [[0, 8], [8, 12], [12, 16], [16, 20], [20]] as const;
  const uuid = parts.map(([from, to]) => hex.slice(from, to)).join('-');
  return { id: idOf('key', uuid), secret };
}

export function hashSecret(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}

/** The one read that comes before a tenant is known. Notes the use once a minute. */
export async function find(db: Db, id: string): Promise<ApiKey | undefined> {
  const rows = await db.query<{
    tenant_id: string;
    name: string;
    secret_hash: Buffer;
    scopes: string[];
    expires_at: Date | null;
    revoked_at: Date | null;
  }>(
    `select tenant_id, name, secret_hash, scopes, expires_at, revoked_at
       from aos.find_api_key($1)`,
    [uuidOf('key', id)],
  );
  const [row] = rows;
  return (
    row && {
      id,
      tenant: row.tenant_id,
      name: row.name,
      secretHash: row.secret_hash,
      scopes: row.scopes,
      ...(row.expires_at && { expiresAt: row.expires_at }),
      ...(row.revoked_at && { revokedAt: row.revoked_at }),
    }
  );
}

/** From now on it opens nothing. False when there is no such key. */
export async function revoke(db: Db, id: string): Promise<boolean> {
  const rows = await db.query(
    `update aos.api_keys
        set revoked_at = coalesce(revoked_at, now())
      where id = $1
  returning id`,
    [uuidOf('key', id)],
  );
  return rows.length > 0;
}
