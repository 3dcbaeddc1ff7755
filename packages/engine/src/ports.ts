import type {
  Change,
  ClaimedRun,
  Plan,
  SkillCall,
  SkillManifest,
  SkillResult,
  Usage,
} from '@aos/core';

import type { Targets } from './targets.ts';

/** What the engine asks of the outside. The simulator drives the same engine behind the same ports. */
export interface Ports {
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly skills: Skills;
  /** Throws an AosError when the goal cannot be planned, now or ever. */
  readonly plan: (run: ClaimedRun, signal: AbortSignal) => Promise<NewPlan>;
  /** Left out: nothing is ever out. */
  readonly targets?: Targets;
  /** All of the change in one commit. Rejects with `ClaimLost` when the run is in other hands. */
  readonly commit: (change: Change) => Promise<void>;
  /** Where tests make the process die. */
  readonly failpoint: (name: Failpoint) => void;
}

export interface Clock {
  now(): Date;
  /** Ends early, without an error, when the signal fires. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Calls `then` once the time has passed, unless what it gives is called before. */
  after(ms: number, then: () => void): () => void;
}

export interface Skills {
  manifest(name: string): SkillManifest | undefined;
  /** Never rejects. */
  execute(
    call: SkillCall,
    limits: { readonly signal: AbortSignal; readonly timeoutMs: number },
  ): Promise<SkillResult>;
}

export interface NewPlan {
  readonly plan: Plan;
  readonly notes?: readonly string[];
  readonly usage?: Usage;
}

export const failpoints = [
  'after_claim',
  'after_intent',
  'during_skill',
  'before_checkpoint',
  'after_checkpoint',
  'before_finish',
  'after_finish',
] as const;
export type Failpoint = (typeof failpoints)[number];

/** What others want of a run while it is being advanced. */
export interface Control {
  /** Somebody cancelled it; the reason is who. */
  readonly cancel: AbortSignal;
  /** Who has put the run to rest, if anybody; asked at each step boundary. */
  readonly pausedBy?: () => string | undefined;
  /** Steps with this skill must not start now; asked before each of them. */
  readonly isSkillPaused?: (skill: string) => boolean;
  /** The worker stops: begin no new step, let those under way end, give the run back. */
  readonly stop: AbortSignal;
  /** The worker's patience is over: cut what can be repeated. */
  readonly hurry: AbortSignal;
  /** The lease is gone: stop at once, write nothing. */
  readonly lost: AbortSignal;
}

/** How the engine left a run. */
export type Ending = 'finished' | 'waiting' | 'released' | 'lost';
