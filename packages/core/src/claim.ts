import type { AgentDefinition } from './agent.ts';
import type { ApprovalKind, Decision } from './approval.ts';
import type { RunEvent } from './event.ts';
import type { FailureCode } from './failures.ts';
import type { Goal } from './goal.ts';
import type { Json } from './json.ts';
import type { Plan } from './plan.ts';
import type { Outcome, PlannerName, WaitingFor } from './run.ts';
import type { StepRecord } from './step.ts';

/** A run in the hands of one worker: everything it needs to go on, as it was when it was claimed. */
export interface ClaimedRun {
  readonly id: string;
  readonly tenant: string;
  readonly planner: PlannerName;
  readonly agent: AgentDefinition;
  readonly goal: Goal;
  readonly plan?: PlanVersion;
  readonly steps: readonly StepRecord[];
  /** Decisions on the approvals of this run, by approval id. */
  readonly decisions: ReadonlyMap<string, ApprovalDecision>;
  /** The fencing token; 1 is the first claim. */
  readonly epoch: number;
  readonly workerId: string;
  readonly createdAt: Date;
  readonly startedAt: Date;
  readonly expiresAt?: Date;
  readonly deadlineAt?: Date;
  /** Somebody asked to cancel it before it was claimed. */
  readonly cancelledBy?: string;
  /** Somebody had paused it before it was claimed. */
  readonly pausedBy?: string;
  /** The place in a trace that it continues. */
  readonly traceparent?: string;
  /** Attempts to plan it that failed so far. */
  readonly planningAttempts: number;
  /** Claims in a row that ended with nothing but the death of their process. */
  readonly stalls: number;
}

/** After so many the run is executed alone, so that it can harm no other. */
export const STALLS_ISOLATED = 2;
/** After so many it is not executed any more. */
export const STALLS_MAX = 3;

export interface PlanVersion {
  readonly version: number;
  readonly planner: PlannerName;
  readonly plan: Plan;
  readonly hash: string;
}

export interface ApprovalDecision {
  readonly stepKey: string;
  readonly kind: ApprovalKind;
  readonly decision: Decision;
  readonly by: string;
  readonly inputHash: string;
  readonly comment?: string;
}

/** What a worker wants written about its run: all of it in one commit, or nothing. */
export interface Change {
  readonly events: readonly RunEvent[];
  readonly steps?: readonly StepRecord[];
  readonly plan?: PlanVersion;
  readonly approvals?: readonly NewApproval[];
  /** Given, the claim ends with this commit. */
  readonly next?: NextState;
}

export type NextState =
  | {
      readonly status: 'finished';
      readonly outcome: Outcome;
      readonly failureCode?: FailureCode;
    }
  | {
      readonly status: 'waiting';
      readonly waitingFor: WaitingFor;
      readonly wakeAt?: Date;
      /** With `pause`: it is these skills that are paused, not the run. */
      readonly pausedSkills?: readonly string[];
    }
  /** Given back unharmed: the next worker goes on at once. */
  | { readonly status: 'queued' };

export interface NewApproval {
  readonly id: string;
  readonly stepKey: string;
  readonly kind: ApprovalKind;
  readonly reason: string;
  readonly skill: string;
  readonly input: Json;
  readonly inputHash: string;
}

/**
 * The claim is gone: another worker has the run, or may have. Whoever sees this stops the run, writes
 * nothing and tells nobody.
 */
export class ClaimLost extends Error {
  override readonly name = 'ClaimLost';
}
