import {
  eventData,
  uuidOf,
  type Failure,
  type NewApproval,
  type PlanVersion,
  type RunEvent,
  type StepRecord,
} from '@aos/core';

import { binaryColumns } from './binary-array.ts';
import type { Claim } from './claims.ts';
import type { Entry } from './journal-entry.ts';

/** One array a column of the claims that write, and how each ends, if it does. */
export function runColumns(entries: readonly Entry[]): Buffer[] {
  const claims = new Map(entries.map(({ claim }) => [claim.uuid, claim]));
  const next = new Map(
    entries.flatMap((e) => (e.change.next ? [[e.claim.uuid, e.change.next]] : [])),
  );
  const rows = [...claims.values()].map(({ uuid, epoch }) => {
    const end = next.get(uuid);
    const finished = end?.status === 'finished' ? end : undefined;
    const waiting = end?.status === 'waiting' ? end : undefined;
    return [
      uuid,
      epoch,
      end?.status,
      finished?.outcome,
      finished?.failureCode,
      waiting?.waitingFor,
      waiting?.wakeAt,
    ];
  });
  return binaryColumns(['uuid', 'int', 'text', 'text', 'text', 'text', 'time'], rows);
}

export function eventColumns(entries: readonly Entry[]): Buffer[] {
  const rows = entries.flatMap(({ claim, change, firstSeq, at }) =>
    change.events.map((event, offset) => [
      claim.uuid,
      firstSeq + offset,
      event.type,
      JSON.stringify(eventData(event)),
      at,
      ...tallyOf(event, claim),
    ]),
  );
  return binaryColumns(['uuid', 'int', 'text', 'jsonb', 'time', 'text', 'text', 'text'], rows);
}

/** What an event counts as: metric and two labels. */
function tallyOf(event: RunEvent, { planner }: Claim): (string | undefined)[] {
  switch (event.type) {
    case 'run.finished':
      return ['runs', event.outcome, planner];
    case 'step.completed':
    case 'step.failed':
      // Attempt 0: it failed before the skill was called.
      return event.attempt > 0 ? ['skill_attempts', event.skill, ''] : NOT_COUNTED;
    default:
      return NOT_COUNTED;
  }
}

const NOT_COUNTED = [undefined, undefined, undefined];

/** The last record of each step: one statement may not write a row twice. */
export function stepColumns(entries: readonly Entry[]): Buffer[] {
  const records = new Map<string, [Claim, StepRecord]>();
  for (const { claim, change } of entries) {
    for (const step of change.steps ?? []) records.set(`${claim.uuid} ${step.key}`, [claim, step]);
  }
  const rows = [...records.values()].map(([{ uuid }, step]) => {
    const wait = step.status === 'waiting' ? step.wait : undefined;
    const output = 'output' in step ? step.output : undefined;
    const failure = failureOf(step);
    return [
      uuid,
      step.key,
      step.skill,
      step.skillVersion,
      step.effect,
      step.status,
      step.attempt,
      step.inputHash,
      output === undefined ? undefined : JSON.stringify(output),
      failure && JSON.stringify(failure),
      wait?.for,
      wakeOf(step),
      wait && 'approvalId' in wait ? uuidOf('approval', wait.approvalId) : undefined,
      step.status === 'skipped' ? step.reason : undefined,
      step.startedAt,
      step.finishedAt,
    ];
  });
  return binaryColumns(STEP_COLUMNS, rows);
}

const STEP_COLUMNS = [
  ...(['uuid', 'text', 'text', 'text', 'text', 'text', 'int', 'text', 'jsonb', 'jsonb'] as const),
  ...(['text', 'time', 'uuid', 'text', 'time', 'time'] as const),
];

/** What a step that waits for a target needs is kept beside why that is out. */
function failureOf(step: StepRecord): Failure | (Failure & { target: string }) | undefined {
  if (step.status === 'failed') return step.failure;
  if (step.status !== 'waiting') return undefined;
  const { wait } = step;
  if (wait.for === 'retry') return wait.failure;
  return wait.for === 'target' ? { ...wait.failure, target: wait.target } : undefined;
}

function wakeOf(step: StepRecord): Date | undefined {
  if (step.status !== 'waiting') return undefined;
  if (step.wait.for === 'retry') return step.wait.until;
  return step.wait.for === 'target' ? step.wait.released : undefined;
}

export function planRows({ claim, change }: Entry): (PlanVersion & { run_id: string })[] {
  return change.plan ? [{ run_id: claim.uuid, ...change.plan }] : [];
}

export function approvalRows({ claim, change }: Entry): Record<string, unknown>[] {
  return (change.approvals ?? []).map((approval: NewApproval) => ({
    id: uuidOf('approval', approval.id),
    run_id: claim.uuid,
    step_key: approval.stepKey,
    kind: approval.kind,
    reason: approval.reason,
    skill: approval.skill,
    input: approval.input,
    input_hash: approval.inputHash,
  }));
}
