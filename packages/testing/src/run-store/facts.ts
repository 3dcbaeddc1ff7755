import assert from 'node:assert/strict';

import { newId, type Change, type Json, type StepRecord } from '@aos/core';

import type { RunFacts, RunRequest, RunStore, StoreClaim, StoreWorker } from './port.ts';

/** A record of a step that is completed unless something else is said. */
export function aRecord(key: string, state: Partial<StepRecord> = {}): StepRecord {
  return {
    key,
    skill: 'echo',
    skillVersion: '1.0.0',
    effect: 'pure',
    attempt: 1,
    startedAt: new Date(),
    finishedAt: new Date(),
    ...(state.status ? state : { status: 'completed', output: { ok: true }, ...state }),
  } as StepRecord;
}

export function completion(key: string, output: Json = { ok: true }): Change {
  return {
    events: [{ type: 'step.completed', step: key, skill: 'echo', attempt: 1, durationMs: 1 }],
    steps: [aRecord(key, { status: 'completed', output })],
  };
}

export const FINISHED: Change = {
  events: [{ type: 'run.finished', outcome: 'succeeded', durationMs: 1 }],
  next: { status: 'finished', outcome: 'succeeded' },
};

export const RELEASED: Change = {
  events: [{ type: 'run.released', workerId: 'wrk' }],
  next: { status: 'queued' },
};

/** The run sleeps: until then, or until somebody decides. */
export function parked(wakeAt?: Date): Change {
  const waitingFor = wakeAt ? 'retry' : 'approval';
  return {
    events: [{ type: 'run.waiting', waitingFor }],
    next: { status: 'waiting', waitingFor, ...(wakeAt && { wakeAt }) },
  };
}

/** A step asks for leave; the run goes on. */
export function asking(key: string): { readonly approvalId: string; readonly change: Change } {
  const approvalId = newId('approval');
  const asked = {
    id: approvalId,
    stepKey: key,
    kind: 'step',
    reason: 'Sure?',
    skill: 'echo',
    input: {},
    inputHash: 'sha256:0',
  } as const;
  return {
    approvalId,
    change: {
      events: [{ type: 'approval.requested', step: key, approvalId, kind: 'step' }],
      steps: [aRecord(key, { status: 'waiting', wait: { for: 'approval', approvalId } })],
      approvals: [asked],
    },
  };
}

/** A run that the worker has taken. */
export async function claimed(
  store: RunStore,
  worker: StoreWorker,
  request?: RunRequest,
): Promise<StoreClaim> {
  const { runId } = await store.accept(request ?? {});
  return claimOf(worker, runId);
}

/** Takes what there is until it has this run. */
export async function claimOf(worker: StoreWorker, runId: string): Promise<StoreClaim> {
  const claims = await worker.take(100);
  const found = claims.find(({ run }) => run.id === runId);
  assert.ok(found, `${runId} has a job now`);
  return found;
}

/** What holds of every run at any time; returns the types of its events. */
export function typesOf({ events, epoch }: RunFacts): string[] {
  let last = 0;
  for (const [place, event] of events.entries()) {
    assert.equal(event.seq, place, 'events have no gap and none twice');
    assert.ok(event.epoch >= last && event.epoch <= epoch, 'epochs never fall');
    last = event.epoch;
  }
  return events.map(({ event }) => event.type);
}

export function far(): Date {
  return new Date(Date.now() + 3_600_000);
}
