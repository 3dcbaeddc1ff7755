import {
  idOf,
  uuidOf,
  type EffectClass,
  type Failure,
  type Json,
  type SkipReason,
  type StepRecord,
  type StepState,
  type StepStatus,
  type StepWait,
} from '@aos/core';

import type { Db } from './db.ts';

/** A row of aos.steps, as a query or as `to_jsonb` gives it (times are text there). */
export interface StepRow {
  readonly key: string;
  readonly skill: string;
  readonly skill_version: string;
  readonly effect: EffectClass;
  readonly status: StepStatus;
  readonly attempt: number;
  readonly input_hash: string | null;
  readonly output: Json | null;
  readonly failure: Failure | null;
  readonly waiting_for: StepWait['for'] | null;
  readonly wake_at: Date | string | null;
  readonly approval_id: string | null;
  readonly skip_reason: SkipReason | null;
  readonly started_at: Date | string | null;
  readonly finished_at: Date | string | null;
}

/** All steps of a run that have begun, items of `forEach` steps included, in the order they began. */
export async function list(db: Db, runId: string): Promise<StepRecord[]> {
  const rows = await db.query<StepRow>(
    `select key, skill, skill_version, effect, status, attempt, input_hash, output, failure,
            waiting_for, wake_at, approval_id, skip_reason, started_at, finished_at
       from aos.steps
      where run_id = $1
      order by started_at nulls last, key`,
    [uuidOf('run', runId)],
  );
  return rows.map(toStepRecord);
}

export function toStepRecord(row: StepRow): StepRecord {
  return {
    key: row.key,
    skill: row.skill,
    skillVersion: row.skill_version,
    effect: row.effect,
    attempt: row.attempt,
    ...(row.input_hash && { inputHash: row.input_hash }),
    ...(row.started_at && { startedAt: new Date(row.started_at) }),
    ...(row.finished_at && { finishedAt: new Date(row.finished_at) }),
    ...stateOf(row),
  };
}

function stateOf(row: StepRow): StepState {
  switch (row.status) {
    case 'started':
      return { status: 'started' };
    case 'completed':
      return { status: 'completed', output: row.output };
    case 'failed':
      return {
        status: 'failed',
        failure: row.failure as Failure,
        ...(row.output !== null && { output: row.output }),
      };
    case 'skipped':
      return { status: 'skipped', reason: row.skip_reason ?? 'condition' };
    case 'waiting':
      return {
        status: 'waiting',
        wait: waitOf(row),
      };
  }
}

function waitOf({ waiting_for, wake_at, failure, approval_id }: StepRow): StepWait {
  switch (waiting_for) {
    case 'retry':
      return { for: 'retry', until: new Date(wake_at ?? 0), failure: failure as Failure };
    case 'target': {
      const { target, ...reason } = failure as Failure & { readonly target: string };
      return {
        for: 'target',
        target,
        failure: reason,
        ...(wake_at && { released: new Date(wake_at) }),
      };
    }
    default:
      return { for: waiting_for ?? 'approval', approvalId: idOf('approval', approval_id ?? '') };
  }
}
