import { AosError, hashJson, type Decision, type JsonObject, type Plan } from '@aos/core';

import { resend, send } from './memory-queue.ts';
import type { RunRow, Tables } from './tables.ts';

export interface Request {
  readonly uuid: string;
  readonly key?: string;
  readonly input: JsonObject;
  readonly priority: number;
  readonly wallMs?: number;
  readonly startAt?: number;
  readonly plan?: Plan;
}

/** What people ask of the store; each function is one transaction, and leaves nothing when it throws. */
export function accept(
  tables: Tables,
  request: Request,
): { readonly uuid: string; readonly created: boolean } {
  const { uuid, key, plan, input, priority, wallMs, startAt } = request;
  const body = JSON.stringify(input);
  const known = key === undefined ? undefined : tables.keys.get(key);
  if (known) {
    if (known.body === body) return { uuid: known.uuid, created: false };
    throw new AosError('idempotency_mismatch', 'The key was used before with another body.');
  }
  if (key !== undefined) tables.keys.set(key, { uuid, body });
  const at = tables.now();
  const row: RunRow = {
    uuid,
    input,
    priority,
    ...(wallMs && { wallMs }),
    ...(startAt && { startAt }),
    createdAt: at,
    status: 'queued',
    epoch: 0,
    events: [],
    steps: new Map(),
  };
  const say = (event: RunRow['events'][number]['event']) =>
    row.events.push({ seq: row.events.length, epoch: 0, event, at });
  say({ type: 'run.accepted', agent: 'tester', planner: 'static', by: 'tester' });
  if (plan) {
    const hash = hashJson(plan as never);
    row.plan = { version: 1, planner: 'static', plan, hash };
    const steps = plan.steps.length;
    say({
      type: 'run.planned',
      version: 1,
      planner: 'static',
      steps,
      planHash: hash,
      durationMs: 0,
    });
  }
  tables.runs.set(uuid, row);
  send(tables, row, { startAfter: startAt ?? 0 });
  return { uuid, created: true };
}

export function cancel(tables: Tables, uuid: string, by: string): 'asked' | 'finished' {
  const run = tables.runs.get(uuid);
  if (!run) throw new AosError('run_not_found', 'No run has this id.');
  if (run.cancelledBy !== undefined) return 'asked';
  if (run.status === 'finished') return 'finished';
  run.cancelledBy = by;
  run.cancelledAt = tables.now();
  if (run.status === 'running') {
    tables.notify(`cancel ${uuid}`);
  } else {
    wake(tables, run);
  }
  return 'asked';
}

export function decide(
  tables: Tables,
  approvalId: string,
  given: { readonly decision: Decision; readonly by: string },
): { readonly first: boolean; readonly decision: Decision } {
  const approval = tables.approvals.get(approvalId);
  if (!approval) throw new AosError('approval_not_found', 'No approval has this id.');
  if (approval.decision) return { first: false, decision: approval.decision };
  const run = tables.runs.get(approval.runUuid) as RunRow;
  if (run.status === 'finished') throw new AosError('run_finished', 'The run has finished.');
  approval.decision = given.decision;
  approval.by = given.by;
  approval.decidedAt = tables.now();
  if (run.status === 'waiting') wake(tables, run);
  return { first: true, decision: given.decision };
}

function wake(tables: Tables, run: RunRow): void {
  run.status = 'queued';
  run.waitingFor = undefined;
  run.wakeAt = undefined;
  resend(tables, run);
}
