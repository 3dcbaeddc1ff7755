import { timingSafeEqual } from 'node:crypto';

import { apiKeys, type Database } from '@aos/store';

import type { Home } from './home.ts';

/** The file of the key, inside the home. */
export const KEY_FILE = 'api-key';
const TENANT = 'default';

/** The operator's key: kept in the home, and made anew when the database does not know it. */
export async function openLocalKey(owner: Database, home: Home): Promise<string> {
  const kept = home.read(KEY_FILE);
  if (kept && (await isKnown(owner, kept))) return kept;
  const { key } = await apiKeys.create(owner, {
    tenant: TENANT,
    name: 'local-admin',
    scopes: ['admin'],
  });
  home.write(KEY_FILE, key);
  return key;
}

async function isKnown(owner: Database, key: string): Promise<boolean> {
  const parts = apiKeys.parse(key);
  if (!parts) return false;
  const found = await apiKeys.find(owner, parts.id);
  if (!found || found.revokedAt || (found.expiresAt && found.expiresAt < new Date())) return false;
  return timingSafeEqual(found.secretHash, apiKeys.hashSecret(parts.secret));
}
