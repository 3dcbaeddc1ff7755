import type { Failure } from './failures.ts';
import type { Json } from './json.ts';
import type { Outcome, PlannerName, RunOrigin, WaitingFor } from './run.ts';
import type { EffectClass } from './skill.ts';
import type { SkipReason } from './step.ts';
import type { Usage } from './usage.ts';

/**
 * The facts of a run, in the past tense, in the order they happened. Only whoever holds the run's claim
 * writes them (and the transaction that accepts it), so `seq` has no gap. Metrics, log lines and the
 * report are derived from them. Durations are in milliseconds.
 */
export type RunEvent =
  | {
      readonly type: 'run.accepted';
      readonly agent: string;
      readonly planner: PlannerName;
      readonly by: string;
      readonly origin?: RunOrigin;
    }
  /** A worker claimed it; after the first time this means it went on after a wait or a crash. */
  | { readonly type: 'run.started'; readonly workerId: string; readonly epoch: number }
  | {
      readonly type: 'run.planned';
      readonly version: number;
      readonly planner: PlannerName;
      readonly steps: number;
      readonly planHash: string;
      readonly durationMs: number;
      readonly usage?: Usage;
      readonly notes?: readonly string[];
    }
  /** A planner failed for now and is asked again. */
  | {
      readonly type: 'run.planning_failed';
      readonly attempt: number;
      readonly failure: Failure;
      readonly retryAt?: string;
      readonly usage?: Usage;
    }
  /** Committed before an effect begins; for `pure` and `read` steps only once they take a while. */
  | {
      readonly type: 'step.started';
      readonly step: string;
      readonly skill: string;
      readonly attempt: number;
      readonly effect: EffectClass;
    }
  | {
      readonly type: 'step.completed';
      readonly step: string;
      readonly skill: string;
      readonly attempt: number;
      readonly durationMs: number;
      readonly usage?: Usage;
      readonly notes?: readonly string[];
    }
  /** One attempt failed. With `retryAt` there will be another one. */
  | {
      readonly type: 'step.failed';
      readonly step: string;
      readonly skill: string;
      readonly attempt: number;
      readonly durationMs: number;
      readonly failure: Failure;
      readonly retryAt?: string;
      readonly usage?: Usage;
    }
  /**
   * What it reaches is out, so it waits, and no attempt is used. `failure` and `durationMs` when a call of
   * its own found that out; `until` is when the target is tried again, as far as anybody knows.
   */
  | {
      readonly type: 'step.parked';
      readonly step: string;
      readonly skill: string;
      readonly target: string;
      readonly until?: string;
      readonly durationMs?: number;
      readonly failure?: Failure;
      readonly usage?: Usage;
    }
  | { readonly type: 'step.skipped'; readonly step: string; readonly reason: SkipReason }
  /** All items of a `forEach` step have settled. */
  | {
      readonly type: 'step.joined';
      readonly step: string;
      readonly items: number;
      readonly failed: number;
    }
  /** A rerun took the output of an earlier run. */
  | { readonly type: 'step.reused'; readonly step: string; readonly runId: string }
  | {
      readonly type: 'approval.requested';
      readonly step: string;
      readonly approvalId: string;
      readonly kind: 'step' | 'review';
    }
  | {
      readonly type: 'approval.decided';
      readonly step: string;
      readonly approvalId: string;
      readonly decision: 'approve' | 'reject';
      readonly by: string;
    }
  | {
      readonly type: 'run.waiting';
      readonly waitingFor: WaitingFor;
      readonly until?: string;
      /** With `pause`: who paused the run, or which skills are paused. */
      readonly by?: string;
      readonly skills?: readonly string[];
    }
  /** A worker gave it back unharmed, to stop. */
  | { readonly type: 'run.released'; readonly workerId: string }
  | {
      readonly type: 'run.finished';
      readonly outcome: Outcome;
      readonly durationMs: number;
      readonly failure?: Failure;
      /** Who asked, when it was cancelled. */
      readonly by?: string;
    };

export type RunEventType = RunEvent['type'];

const TYPES: Readonly<Record<RunEventType, true>> = {
  'run.accepted': true,
  'run.started': true,
  'run.planned': true,
  'run.planning_failed': true,
  'step.started': true,
  'step.completed': true,
  'step.failed': true,
  'step.parked': true,
  'step.skipped': true,
  'step.joined': true,
  'step.reused': true,
  'approval.requested': true,
  'approval.decided': true,
  'run.waiting': true,
  'run.released': true,
  'run.finished': true,
};

/** Every type there is, for those who choose among them. */
export const runEventTypes = Object.keys(TYPES) as readonly RunEventType[];

/** An event as it is stored. */
export interface StoredEvent {
  readonly runId: string;
  /** 0, 1, 2 … within the run. */
  readonly seq: number;
  readonly epoch: number;
  readonly at: Date;
  readonly event: RunEvent;
}

/** The event without its type, as the journal keeps it. */
export function eventData(event: RunEvent): { readonly [key: string]: Json } {
  const { type: _type, ...data } = event;
  return data as unknown as { readonly [key: string]: Json };
}
