import type { FailureCode } from './failures.ts';
import type { PatchOperation } from './json-patch.ts';

/** `queued`: a job will start it. `waiting`: it needs nothing of a worker now. `finished`: it has an outcome. */
export const statuses = ['queued', 'running', 'waiting', 'finished'] as const;
export type Status = (typeof statuses)[number];

export const outcomes = ['succeeded', 'failed', 'cancelled'] as const;
export type Outcome = (typeof outcomes)[number];

export const planners = ['static', 'template', 'rules', 'claude'] as const;
export type PlannerName = (typeof planners)[number];

/** What a waiting run waits for: a time, a decision, that what it reaches is back, or to be resumed. */
export const waitKinds = ['retry', 'approval', 'review', 'target', 'pause'] as const;
export type WaitingFor = (typeof waitKinds)[number];

export type RunState =
  | { readonly status: 'queued' }
  | { readonly status: 'running'; readonly workerId: string }
  | { readonly status: 'waiting'; readonly waitingFor: WaitingFor; readonly wakeAt?: Date }
  | { readonly status: 'finished'; readonly outcome: Outcome; readonly failureCode?: FailureCode };

/** How a run came from another one. */
export const rerunModes = ['retry', 'replay', 'replan'] as const;
export type RerunMode = (typeof rerunModes)[number];

/** From which run it came, how, and why. */
export interface RunOrigin {
  readonly runId: string;
  readonly mode: RerunMode;
  readonly reason: string;
  /** With `retry`: this step and what depends on it were run again, too. */
  readonly fromStep?: string;
  /** What was changed of `{goal, input, plan}`, as RFC 6902 says it. */
  readonly patch?: readonly PatchOperation[];
  /** The operation that it was a part of. */
  readonly operationId?: string;
}

/** One pursuit of one goal by one agent. */
export interface Run {
  readonly id: string;
  readonly tenant: string;
  readonly agent: string;
  readonly agentVersion: number;
  readonly planner: PlannerName;
  readonly priority: number;
  readonly state: RunState;
  /** Grows at every claim and release; a write that carries an older one is refused. */
  readonly epoch: number;
  readonly createdAt: Date;
  readonly startedAt?: Date;
  readonly finishedAt?: Date;
  readonly startAt?: Date;
  readonly expiresAt?: Date;
  /** When it fails with `run_timed_out`. */
  readonly deadlineAt?: Date;
  readonly cancelRequestedAt?: Date;
  /** Somebody paused it; it rests from the next step boundary on. */
  readonly pauseRequestedAt?: Date;
  readonly parentRunId?: string;
  /** `by` is who asked for it. */
  readonly origin?: RunOrigin & { readonly by: string };
}
