import type { Change } from '@aos/core';

import type { Claim } from './claims.ts';

/** A change that waits for its commit. */
export interface Asked {
  readonly claim: Claim;
  readonly change: Change;
  readonly at: Date;
}

/** A change with the places of its events in its run. Every change has one, so a place tells it apart. */
export interface Entry extends Asked {
  readonly firstSeq: number;
  readonly lastSeq: number;
}

/** Fixes the places, before the change is sent: sent twice, it is recognised. */
export function place(asked: Asked): Entry {
  const { claim, change } = asked;
  const firstSeq = claim.nextSeq;
  claim.nextSeq += change.events.length;
  return { ...asked, firstSeq, lastSeq: claim.nextSeq - 1 };
}

/** The places of entries that can never have been written are free again. */
export function takeBack(entries: readonly Entry[]): void {
  for (const { claim, firstSeq } of entries.toReversed()) claim.nextSeq = firstSeq;
}
