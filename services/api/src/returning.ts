/**
 * Runs that were refused and will be sent again: each is told a later time than the one before it, so
 * that they do not all come back at once. Those that never come leave as the queue drains.
 */
export interface Returning {
  /** Refused for the tenant's own depth, or, without one, for that of all. */
  add(tenant: string | undefined): void;
  of(tenant: string): number;
  ofAll(): number;
  /** So many runs have left the queue since the last tick. */
  tick(drained: number, standingOf: (tenant: string) => { readonly share: number }): void;
}

const TENANTS_MAX = 10_000;

export function createReturning(): Returning {
  const tenants = new Map<string, number>();
  let all = 0;
  return {
    add(tenant) {
      if (tenant === undefined) all++;
      else if (tenants.size < TENANTS_MAX || tenants.has(tenant)) {
        tenants.set(tenant, (tenants.get(tenant) ?? 0) + 1);
      }
    },
    of: (tenant) => tenants.get(tenant) ?? 0,
    ofAll: () => all,
    tick(drained, standingOf) {
      all = Math.max(0, all - drained);
      for (const [tenant, count] of tenants) {
        const left = count - drained * standingOf(tenant).share;
        if (left > 0) tenants.set(tenant, left);
        else tenants.delete(tenant);
      }
    },
  };
}
