import type { history, historySets, Db } from '@aos/store';

import type { Effect } from './effect.ts';
import type { Invariant } from './invariant.ts';

export type RunHistory = history.RunHistory;

/** Looks at one run. Pure; yields a sentence for each place where the invariant does not hold. */
export interface RunCheck {
  readonly kind: 'run';
  readonly invariant: Invariant;
  readonly check: (history: RunHistory) => Iterable<string>;
}

/** Compares what was done outside for one run, in the order of time, with what its journal says. */
export interface EffectCheck {
  readonly kind: 'effect';
  readonly invariant: Invariant;
  readonly check: (
    history: RunHistory,
    effects: readonly Effect[],
    toleranceMs: number,
  ) => Iterable<string>;
}

/** A question about whole tables, asked only when everything is checked. */
export interface SetCheck {
  readonly kind: 'set';
  readonly invariant: Invariant;
  readonly check: (tx: Db) => Promise<readonly historySets.Finding[]>;
}

export type Check = RunCheck | EffectCheck | SetCheck;
