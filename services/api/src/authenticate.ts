import { timingSafeEqual } from 'node:crypto';

import { AosError, failures } from '@aos/core';
import { apiKeys, type Db } from '@aos/store';

import type { Caller } from './caller.ts';

export interface Authenticator {
  /** The holder of the key in an `Authorization` header. Throws `unauthenticated`. */
  callerOf(authorization: string | undefined): Promise<Caller>;
}

/** A revoked key may open doors for this long. */
const CACHE_MS = 5_000;
const CACHE_ENTRIES_MAX = 10_000;
const HEADER_CHARS_MAX = 200;

/** Compared with when there is no such key, so that both cases do the same work. */
const NOBODY = Buffer.alloc(32);

export function createAuthenticator(db: Db): Authenticator {
  const cache = new Map<
    string,
    { readonly key: Promise<apiKeys.ApiKey | undefined>; at: number }
  >();

  const find = (id: string): Promise<apiKeys.ApiKey | undefined> => {
    const known = cache.get(id);
    if (known && performance.now() - known.at < CACHE_MS) return known.key;
    const key = apiKeys.find(db, id);
    const entry = { key, at: performance.now() };
    cache.delete(id);
    cache.set(id, entry);
    if (cache.size > CACHE_ENTRIES_MAX) cache.delete(cache.keys().next().value ?? '');
    // A database that is down says nothing about the key.
    key.catch(() => {
      if (cache.get(id) === entry) cache.delete(id);
    });
    return key;
  };

  return {
    async callerOf(authorization) {
      const given = parse(authorization);
      if (!given) throw refused();
      const key = await find(given.id);
      const matches = timingSafeEqual(apiKeys.hashSecret(given.secret), key?.secretHash ?? NOBODY);
      if (!key || !matches || key.revokedAt) throw refused();
      if (key.expiresAt && key.expiresAt.getTime() <= Date.now()) throw refused();
      return { keyId: key.id, tenant: key.tenant, name: key.name, scopes: key.scopes };
    },
  };
}

export function requireScope(caller: Caller, scope: apiKeys.Scope): void {
  if (caller.scopes.includes(scope) || caller.scopes.includes('admin')) return;
  throw new AosError('forbidden', `This needs the scope ${scope}, which the key does not have.`);
}

function parse(authorization: string | undefined) {
  if (!authorization || authorization.length > HEADER_CHARS_MAX) return undefined;
  const [, key] = /^Bearer +(\S+)$/i.exec(authorization) ?? [];
  return key === undefined ? undefined : apiKeys.parse(key);
}

/** One sentence for all: an unknown key, a wrong secret, an expired and a revoked one look the same. */
function refused(): AosError {
  return new AosError('unauthenticated', failures.unauthenticated.meaning);
}
