import type {
  Change,
  ClaimedRun,
  Decision,
  JsonObject,
  NewApproval,
  Outcome,
  Plan,
  RunEvent,
  Status,
  StepRecord,
  WaitingFor,
} from '@aos/core';

/**
 * The store of runs, in terms of core alone: what those who ask, those who work and those who look after
 * them need of it. Each method is one transaction. The conformance suite holds for every implementation:
 * PostgreSQL's, and the one in memory that the simulator runs on.
 */
export interface RunStore extends AsyncDisposable {
  /** Throws `idempotency_mismatch` when the key was used for another request. */
  accept(request: RunRequest): Promise<{ readonly runId: string; readonly created: boolean }>;
  /** Throws `run_not_found`. */
  cancel(runId: string, by: string): Promise<'asked' | 'finished'>;
  /** `first` is false when somebody was earlier. Throws `approval_not_found` and `run_finished`. */
  decide(
    approvalId: string,
    given: { readonly decision: Decision; readonly by: string },
  ): Promise<{ readonly first: boolean; readonly decision: Decision }>;
  /** Registers a worker, with a lease and a connection that lives. */
  openWorker(): Promise<StoreWorker>;
  facts(runId: string): Promise<RunFacts>;
  /** The test's hand: the job of the run is gone. */
  loseJob(runId: string): Promise<void>;
  /** The test's hand: the run has been as it is for a minute. */
  age(runId: string): Promise<void>;
}

export interface RunRequest {
  readonly key?: string;
  readonly input?: JsonObject;
  readonly priority?: number;
  readonly startAt?: Date;
  readonly wallMs?: number;
  readonly plan?: Plan;
}

/** A claim as its store gave it out; only the run in it is anybody else's business. */
export interface StoreClaim {
  readonly run: ClaimedRun;
}

/** What one life of a worker may do. */
export interface StoreWorker {
  readonly id: string;
  take(max: number): Promise<readonly StoreClaim[]>;
  /** Rejects with `ClaimLost` when the run is in other hands. */
  commit(claim: StoreClaim, change: Change): Promise<void>;
  letGo(claim: StoreClaim, pauseMs: number): Promise<void>;
  renew(): Promise<{
    readonly held: boolean;
    readonly cancelling: readonly { readonly runId: string; readonly by: string }[];
  }>;
  stopping(): Promise<void>;
  stopped(): Promise<void>;
  /** Other workers that seem dead. */
  suspects(): Promise<readonly string[]>;
  /** Declares those of them dead that are, and gives their runs back; returns the runs. */
  rescue(dead: readonly string[]): Promise<readonly string[]>;
  dispatchForgotten(): Promise<number>;
  /** The test's hand: the connection that shows it lives is gone. */
  die(): Promise<void>;
  /** The test's hand: its lease ran out, though its connection lives. */
  expire(): Promise<void>;
  /** The test's hand: of the next so many commits that stand, the answer never arrives. */
  loseAnswers(count: number): void;
}

/** A run as readers see it. */
export interface RunFacts {
  readonly status: Status;
  readonly outcome?: Outcome;
  readonly failureCode?: string;
  readonly epoch: number;
  readonly workerId?: string;
  readonly waitingFor?: WaitingFor;
  readonly cancelledBy?: string;
  /** In the order of their places. */
  readonly events: readonly {
    readonly seq: number;
    readonly epoch: number;
    readonly event: RunEvent;
  }[];
  readonly steps: readonly StepRecord[];
  readonly approvals: readonly (NewApproval & { readonly decision?: Decision })[];
  /** Of a job that can be taken, now or later. */
  readonly job?: { readonly priority: number; readonly later: boolean };
}

/** One sentence about the store, and what shows that it is true. */
export interface Case {
  readonly name: string;
  readonly check: (store: RunStore) => Promise<void>;
}
