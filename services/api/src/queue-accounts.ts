import type { backlog } from '@aos/store';

/**
 * What is queued: the last count of the database, and exactly what this replica has added since. A run
 * that was under way while it was counted may be counted twice, never not at all, so this replica
 * cannot pass a limit; what others added since the count is not known yet.
 */
export interface QueueAccounts {
  /** A run is about to be stored. */
  open(tenant: string): void;
  /** It was, or it was not. */
  settle(tenant: string, stored: boolean): void;
  /** A count begins: what is settled from now on is not in it for sure. */
  begin(): void;
  /** The count that had begun. Without it the one before holds on. */
  counted(depths: readonly backlog.Depth[]): void;
  total(): number;
  of(tenant: string): number;
  /** All that is stored, for the shares. */
  depths(): readonly backlog.Depth[];
  /** How the tenant stands among those that have runs queued. */
  readonly standingOf: (tenant: string) => Standing;
}

export interface Standing {
  readonly queued: number;
  readonly queuedInAll: number;
  /** Tenants with runs queued, this one included. */
  readonly tenants: number;
  /** The part of the workers that is its own, 0 to 1. */
  readonly share: number;
}

export function createQueueAccounts(): QueueAccounts {
  let base = new Map<string, backlog.Depth>();
  let baseTotal = 0;
  let weights = 0;
  let waitingTenants = 0;
  /** Settled before the count under way began, and after. */
  let earlier = createTally();
  let recent = createTally();
  const open = createTally();
  const added = (tenant: string) => earlier.of(tenant) + recent.of(tenant) + open.of(tenant);

  const total = () => baseTotal + earlier.total() + recent.total() + open.total();
  const of = (tenant: string) => (base.get(tenant)?.queued ?? 0) + added(tenant);

  return {
    open: (tenant) => open.add(tenant, 1),
    settle(tenant, stored) {
      open.add(tenant, -1);
      if (stored) recent.add(tenant, 1);
    },
    begin() {
      earlier.merge(recent);
      recent = createTally();
    },
    counted(depths) {
      base = new Map(depths.map((depth) => [depth.tenant, depth]));
      const waiting = depths.filter(({ ready }) => ready > 0);
      baseTotal = depths.reduce((sum, { queued }) => sum + queued, 0);
      weights = waiting.reduce((sum, { weight }) => sum + weight, 0);
      waitingTenants = waiting.length;
      earlier = createTally();
    },
    total,
    of,
    depths() {
      const tenants = new Set([...base.keys(), ...earlier.keys(), ...recent.keys()]);
      return [...tenants].map((tenant) => {
        const { queued, ready, weight, waitedS } = base.get(tenant) ?? NOTHING;
        const more = earlier.of(tenant) + recent.of(tenant);
        return { tenant, queued: queued + more, ready: ready + more, weight, waitedS };
      });
    },
    standingOf(tenant) {
      const { ready, weight } = base.get(tenant) ?? NOTHING;
      const others = ready > 0 ? weights - weight : weights;
      return {
        queued: of(tenant),
        queuedInAll: total(),
        tenants: ready > 0 ? waitingTenants : waitingTenants + 1,
        share: weight / (others + weight),
      };
    },
  };
}

const NOTHING = { queued: 0, ready: 0, weight: 1, waitedS: 0 };

function createTally() {
  const counts = new Map<string, number>();
  let total = 0;
  const add = (tenant: string, count: number): void => {
    total += count;
    const now = (counts.get(tenant) ?? 0) + count;
    if (now === 0) counts.delete(tenant);
    else counts.set(tenant, now);
  };
  return {
    add,
    of: (tenant: string) => counts.get(tenant) ?? 0,
    total: () => total,
    keys: () => counts.keys(),
    merge(other: { keys(): Iterable<string>; of(tenant: string): number }): void {
      for (const tenant of other.keys()) add(tenant, other.of(tenant));
    },
  };
}
