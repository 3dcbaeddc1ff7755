import type { StepRecord } from '@aos/core';
import type { Entry } from '@aos/store';

import { complete, send } from './memory-queue.ts';
import type { JobRow, RunRow, Tables } from './tables.ts';

type Fate = 'written' | 'refused';

/** Writes the entries of runs that the worker holds, and settles the jobs of those that end. */
export function write(
  tables: Tables,
  workerUuid: string,
  entries: readonly Entry[],
  sentBefore: boolean,
): Fate[] {
  const held = new Set<string>();
  for (const { claim } of entries) {
    const run = tables.runs.get(claim.uuid);
    if (run?.epoch === claim.epoch && run.workerUuid === workerUuid) held.add(claim.uuid);
  }
  const mine = entries.filter(({ claim }) => held.has(claim.uuid));
  for (const entry of mine) writeFacts(tables, entry);
  writeSteps(tables, mine);
  for (const entry of mine) end(tables, entry);
  return entries.map((entry) =>
    held.has(entry.claim.uuid) || (sentBefore && stands(tables, entry)) ? 'written' : 'refused',
  );
}

/** The fence of the entries that were committed before, with an answer that never arrived. */
function stands(tables: Tables, { claim, lastSeq }: Entry): boolean {
  return tables.runs.get(claim.uuid)?.events[lastSeq]?.epoch === claim.epoch;
}

function writeFacts(tables: Tables, { claim, change, firstSeq }: Entry): void {
  const run = tables.runs.get(claim.uuid) as RunRow;
  for (const [offset, event] of change.events.entries()) {
    const seq = firstSeq + offset;
    if (seq < run.events.length) continue;
    run.events.push({ seq, epoch: run.epoch, event, at: tables.now() });
  }
  if (change.plan) run.plan ??= change.plan;
  for (const approval of change.approvals ?? []) {
    if (tables.approvals.has(approval.id)) continue;
    const row = { ...approval, runUuid: run.uuid, at: tables.now() };
    tables.approvals.set(approval.id, row);
  }
}

/** The last record of each step; what has settled stays as it is. */
function writeSteps(tables: Tables, entries: readonly Entry[]): void {
  const last = new Map<string, readonly [RunRow, StepRecord]>();
  for (const { claim, change } of entries) {
    const run = tables.runs.get(claim.uuid) as RunRow;
    for (const step of change.steps ?? []) last.set(`${claim.uuid} ${step.key}`, [run, step]);
  }
  for (const [{ steps }, step] of last.values()) {
    const kept = steps.get(step.key)?.status;
    if (!kept || kept === 'started' || kept === 'waiting') steps.set(step.key, step);
  }
}

function end(tables: Tables, { claim, change: { next } }: Entry): void {
  const run = tables.runs.get(claim.uuid) as RunRow;
  if (!next) return;
  run.workerUuid = undefined;
  if (next.status === 'finished') {
    run.status = 'finished';
    run.outcome = next.outcome;
    run.failureCode = next.failureCode;
    run.finishedAt = tables.now();
    complete(tables, claim.job as unknown as JobRow);
    return;
  }
  tables.jobs.delete(run.uuid);
  if (next.status === 'queued' || run.cancelledBy !== undefined) {
    run.status = 'queued';
    send(tables, run, { resumed: true });
    return;
  }
  run.status = 'waiting';
  run.waitingFor = next.waitingFor;
  run.wakeAt = next.wakeAt?.getTime();
  if (decidedMeanwhile(tables, run, claim.run.decisions)) send(tables, run, { resumed: true });
  else if (run.wakeAt) send(tables, run, { resumed: true, startAfter: run.wakeAt });
}

/** Decisions that its holder did not know of: the run must not go to sleep over them. */
function decidedMeanwhile(
  tables: Tables,
  { steps }: RunRow,
  known: ReadonlyMap<string, unknown>,
): boolean {
  return [...steps.values()].some(
    (step) =>
      step.status === 'waiting' &&
      'approvalId' in step.wait &&
      !known.has(step.wait.approvalId) &&
      tables.approvals.get(step.wait.approvalId)?.decision,
  );
}
