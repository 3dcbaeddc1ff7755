import type {
  Decision,
  FailureCode,
  JsonObject,
  NewApproval,
  Outcome,
  PlanVersion,
  RunEvent,
  Status,
  StepRecord,
  WaitingFor,
} from '@aos/core';

/** The rows of the store in memory, as PostgreSQL keeps them. Times are milliseconds of its clock. */
export interface Tables {
  readonly runs: Map<string, RunRow>;
  readonly keys: Map<string, { readonly uuid: string; readonly body: string }>;
  readonly approvals: Map<string, ApprovalRow>;
  readonly workers: Map<string, WorkerRow>;
  readonly jobs: Map<string, JobRow>;
  /** What the database tells those who listen, after the commit. */
  notify: (notice: string) => void;
  readonly now: () => number;
  /** Grows with every job: the order in which they were made. */
  jobsMade: number;
}

export interface RunRow {
  readonly uuid: string;
  readonly input: JsonObject;
  readonly priority: number;
  readonly wallMs?: number;
  readonly startAt?: number;
  createdAt: number;
  status: Status;
  outcome?: Outcome | undefined;
  failureCode?: FailureCode | undefined;
  epoch: number;
  workerUuid?: string | undefined;
  waitingFor?: WaitingFor | undefined;
  wakeAt?: number | undefined;
  startedAt?: number;
  deadlineAt?: number;
  finishedAt?: number;
  cancelledBy?: string;
  cancelledAt?: number;
  plan?: PlanVersion;
  readonly events: EventRow[];
  readonly steps: Map<string, StepRecord>;
}

export interface EventRow {
  readonly seq: number;
  readonly epoch: number;
  readonly event: RunEvent;
  /** When it was committed. */
  readonly at: number;
}

export interface ApprovalRow extends NewApproval {
  readonly runUuid: string;
  readonly at: number;
  decision?: Decision;
  by?: string;
  decidedAt?: number;
}

export interface WorkerRow {
  readonly uuid: string;
  state: 'live' | 'stopping' | 'stopped' | 'lost';
  leaseUntil: number;
  /** Whether its connection still holds the advisory lock. */
  locked: boolean;
}

export interface JobRow {
  readonly uuid: string;
  readonly priority: number;
  readonly startAfter: number;
  readonly made: number;
  state: 'created' | 'active' | 'completed';
}

export function emptyTables(now: () => number): Tables {
  return {
    runs: new Map(),
    keys: new Map(),
    approvals: new Map(),
    workers: new Map(),
    jobs: new Map(),
    notify: () => {},
    now,
    jobsMade: 0,
  };
}
