import { idOf, type ClaimedRun, type Goal } from '@aos/core';
import type { Claim } from '@aos/store';
import { anAgent } from '@aos/testing';

import { complete, fetch, resend } from './memory-queue.ts';
import type { JobRow, RunRow, Tables } from './tables.ts';

const AGENT = anAgent();

/** Takes jobs and claims their runs; a worker without a lease gets nothing. One transaction. */
export function take(tables: Tables, workerUuid: string, max: number): Claim[] {
  const worker = tables.workers.get(workerUuid);
  if (worker?.state !== 'live' || worker.leaseUntil <= tables.now()) return [];
  return fetch(tables, max).flatMap((job) => {
    const run = tables.runs.get(job.uuid) as RunRow;
    if (run.status !== 'queued' && run.status !== 'waiting') {
      complete(tables, job);
      return [];
    }
    const now = tables.now();
    run.status = 'running';
    run.epoch++;
    run.workerUuid = workerUuid;
    run.waitingFor = undefined;
    run.wakeAt = undefined;
    run.startedAt ??= now;
    if (run.wallMs) run.deadlineAt ??= now + run.wallMs;
    return [toClaim(tables, run, job, workerUuid)];
  });
}

export function holds(tables: Tables, workerUuid: string): Pick<Claim, 'uuid' | 'epoch'>[] {
  return [...tables.runs.values()]
    .filter((run) => run.workerUuid === workerUuid)
    .map(({ uuid, epoch }) => ({ uuid, epoch }));
}

export function letGo(
  tables: Tables,
  { uuid, epoch }: Pick<Claim, 'uuid' | 'epoch'>,
  pauseMs: number,
): void {
  const run = tables.runs.get(uuid);
  if (run?.epoch !== epoch || run.status !== 'running') return;
  giveBack(run);
  resend(tables, run, tables.now() + pauseMs);
}

export function giveBack(run: RunRow): void {
  run.status = 'queued';
  run.workerUuid = undefined;
  run.epoch++;
}

function toClaim(tables: Tables, run: RunRow, job: JobRow, workerUuid: string): Claim {
  const decided = [...tables.approvals.values()].flatMap(
    ({ id, runUuid, stepKey, kind, inputHash, decision, by = '' }) =>
      runUuid === run.uuid && decision
        ? [[id, { stepKey, kind, inputHash, decision, by }] as const]
        : [],
  );
  const goal: Goal = { goal: 'Say it', input: run.input, limits: {}, tags: [] };
  const claimed: ClaimedRun = {
    id: idOf('run', run.uuid),
    tenant: 'default',
    planner: 'static',
    agent: AGENT,
    goal,
    ...(run.plan && { plan: run.plan }),
    steps: [...run.steps.values()],
    decisions: new Map(decided),
    epoch: run.epoch,
    workerId: idOf('worker', workerUuid),
    createdAt: new Date(run.createdAt),
    startedAt: new Date(run.startedAt ?? 0),
    ...(run.deadlineAt && { deadlineAt: new Date(run.deadlineAt) }),
    ...(run.cancelledBy && { cancelledBy: run.cancelledBy }),
    stalls: 0,
    planningAttempts: run.events.filter(({ event }) => event.type === 'run.planning_failed').length,
  };
  return {
    uuid: run.uuid,
    epoch: run.epoch,
    planner: 'static',
    job: job as unknown as Claim['job'],
    nextSeq: run.events.length,
    run: claimed,
  };
}
