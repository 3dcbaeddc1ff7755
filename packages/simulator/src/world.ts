import type { Held } from '@aos/engine';

import type { EffectRecord } from './effects.ts';
import type { Odds } from './odds.ts';
import type { Random } from './random.ts';
import { emptyTables, type Tables } from './tables.ts';
import { EPOCH_START, virtualTime, type VirtualTime } from './virtual-time.ts';

/** Everything there is in one simulation. */
export interface World {
  readonly virtual: VirtualTime;
  readonly random: Random;
  readonly odds: Odds;
  /** The database. */
  readonly tables: Tables;
  readonly effects: EffectRecord[];
  /** What clients were told, and what deciders were. */
  readonly told: Told;
  readonly counts: Counts;
  /** What must never be, and was. */
  readonly violations: string[];
  /** Claims that somebody works on now. */
  readonly flights: Set<Held>;
  /** Faults may still happen. */
  readonly isStormy: () => boolean;
  /** Who hears what the database tells. */
  readonly listeners: Set<(notice: string) => void>;
  /** Runs whose holder was struck, until somebody has them again. */
  readonly awaited: Map<string, Awaited>;
  onClaim(uuid: string, epoch: number): void;
  /** The database does not answer until then. */
  downUntil: number;
  trace: (text: () => string) => void;
  nextUuid(kind: string): string;
}

export interface Awaited {
  readonly fault: string;
  readonly since: number;
  readonly epoch: number;
}

export interface Told {
  /** By key, or by nothing for a request without one. */
  readonly accepted: { readonly key: string | undefined; readonly uuid: string }[];
  readonly decided: {
    readonly approvalId: string;
    readonly first: boolean;
    readonly decision: string;
  }[];
}

export interface Counts {
  readonly faults: Map<string, number>;
  /** Faults that struck a process which held runs. */
  readonly hits: Map<string, number>;
  storeCalls: number;
  staleEffects: number;
  /** Repairs by those who look after what nobody else saw. */
  backstops: number;
  recoveries: { readonly fault: string; readonly ms: number }[];
}

const RESCUED_AND_CLAIMED = 2;

export function createWorld(random: Random, odds: Odds): World {
  const virtual = virtualTime();
  let made = 0;
  const world: World = {
    virtual,
    random,
    odds,
    tables: emptyTables(virtual.now),
    effects: [],
    told: { accepted: [], decided: [] },
    counts: {
      faults: new Map(),
      hits: new Map(),
      storeCalls: 0,
      staleEffects: 0,
      backstops: 0,
      recoveries: [],
    },
    violations: [],
    flights: new Set(),
    listeners: new Set(),
    awaited: new Map(),
    isStormy: () => virtual.now() < EPOCH_START + odds.stormMs,
    downUntil: 0,
    trace: () => {},
    onClaim(uuid, epoch) {
      const awaited = world.awaited.get(uuid);
      if (!awaited) return;
      world.awaited.delete(uuid);
      const { fault, since } = awaited;
      // Otherwise a last word of the dead put it to sleep, or gave it back.
      if (epoch !== awaited.epoch + RESCUED_AND_CLAIMED) return;
      world.counts.recoveries.push({ fault, ms: age(world) - since });
    },
    nextUuid(kind) {
      const tail = random.between(0, 0xffff).toString(16).padStart(4, '0');
      const nth = (++made).toString(16).padStart(8, '0');
      return `${kind === 'run' ? '0000000a' : '0000000b'}-0000-7000-8000-${nth}${tail}`;
    },
  };
  world.tables.notify = (notice) => {
    for (const hear of world.listeners) hear(notice);
  };
  return world;
}

/** Milliseconds since the beginning. */
export function age({ virtual }: World): number {
  return virtual.now() - EPOCH_START;
}

export function count(into: Map<string, number>, what: string, by = 1): void {
  into.set(what, (into.get(what) ?? 0) + by);
}
