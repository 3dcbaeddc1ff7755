/** The journal of one run in memory. It checks what it is told as the database does, and more. */
import {
  ClaimLost,
  isSettled,
  type Change,
  type Decision,
  type NewApproval,
  type NextState,
  type PlanVersion,
  type RunEvent,
  type SkillCall,
  type StepRecord,
} from '@aos/core';

export interface Crash {
  readonly at: number;
  /** A commit that never arrived, one whose answer was lost, a call before or after its effect. */
  readonly when: 'before_commit' | 'after_commit' | 'before_call' | 'after_call';
}

export interface Facts {
  readonly events: RunEvent[];
  readonly steps: Map<string, StepRecord>;
  readonly approvals: Map<string, NewApproval & { decision?: Decision }>;
  readonly calls: (SkillCall & { readonly epoch: number; readonly at: number })[];
  /** What must never be, and was. */
  readonly violations: string[];
  /** Epochs whose process has died. */
  readonly dead: Set<number>;
  plan?: PlanVersion;
  state: NextState | { readonly status: 'running' };
  epoch: number;
  startedAt?: Date;
  cancelledBy?: string;
  commits: number;
  callsBegun: number;
}

export function noFacts(plan: PlanVersion | undefined): Facts {
  return {
    events: [],
    steps: new Map(),
    approvals: new Map(),
    calls: [],
    violations: [],
    dead: new Set(),
    ...(plan && { plan }),
    state: { status: 'queued' },
    epoch: 0,
    commits: 0,
    callsBegun: 0,
  };
}

/** The commit port of the holder of a claim: refused once somebody else has the run, or it is over. */
export function commitsOf(
  facts: Facts,
  holder: number,
  crashesAt: (at: number, when: Crash['when']) => boolean,
  travel: () => Promise<void>,
): (change: Change) => Promise<void> {
  return async (change) => {
    const at = ++facts.commits;
    if (crashesAt(at, 'before_commit')) facts.dead.add(holder);
    await travel();
    if (facts.epoch !== holder || facts.state.status !== 'running' || facts.dead.has(holder)) {
      throw new ClaimLost('The run is in other hands.');
    }
    write(facts, change);
    if (!crashesAt(at, 'after_commit')) return;
    facts.dead.add(holder);
    throw new ClaimLost('The process is dead.');
  };
}

function write(facts: Facts, change: Change): void {
  const { events, steps, approvals, violations } = facts;
  if (change.events.length === 0) violations.push('a change without an event');
  events.push(...structuredClone(change.events));
  for (const step of change.steps ?? []) {
    const before = steps.get(step.key);
    if (isSettled(before)) violations.push(`${step.key}: ${before?.status}, written again`);
    steps.set(step.key, structuredClone(step));
  }
  if (change.plan) facts.plan = structuredClone(change.plan);
  for (const approval of change.approvals ?? []) {
    if (approvals.has(approval.id)) violations.push(`${approval.id}: asked twice`);
    approvals.set(approval.id, structuredClone(approval));
  }
  if (!change.next) return;
  facts.state = change.next;
  if (change.next.status !== 'finished') return;
  for (const step of steps.values()) {
    if (!isSettled(step)) violations.push(`${step.key}: ${step.status} in a finished run`);
  }
}
