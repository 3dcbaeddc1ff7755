import assert from 'node:assert/strict';

import { newId, uuidOf, type Change, type Json, type Plan, type StepRecord } from '@aos/core';
import { openJournal, openQueue, take, workers, type Claim, type Database } from '@aos/store';

/** A worker that does what a test tells it, through the statements that real workers use. */
export interface HandWorker extends AsyncDisposable {
  readonly id: string;
  /** Becomes a live worker; before that, and after `die`, there is none. */
  live(): Promise<void>;
  die(): Promise<void>;
  /** Claims the run, which must have a job. */
  claim(runId: string): Promise<Claim>;
  commit(claim: Claim, change: Change): Promise<void>;
  /** Plans the run, completes all steps of the plan with these outputs, and finishes it. */
  succeed(runId: string, plan: Plan, outputs: Readonly<Record<string, Json>>): Promise<void>;
}

export async function createHandWorker(owner: Database): Promise<HandWorker> {
  const id = newId('worker');
  const uuid = uuidOf('worker', id) as string;
  const queue = await openQueue(owner, { maintain: false, onError: () => {} });
  const journal = openJournal(owner, queue, { workerUuid: uuid });
  let registered = false;

  const live = async (): Promise<void> => {
    if (registered) return;
    registered = true;
    const self = { uuid, processId: uuid, host: 'here', pid: 1, version: '0.0.0', slots: 10 };
    await workers.register(owner, { ...self, skills: [], quarantine: false });
    // The lease of a hand lasts as long as its test.
    await owner.query(`update aos.workers set lease_until = now() + interval '1 hour'`);
  };
  const claim = async (runId: string): Promise<Claim> => {
    await live();
    const claims = await take(owner, queue, uuid, 100);
    const found = claims.find((one) => one.run.id === runId);
    assert.ok(found, `${runId} has no job; there are ${claims.length} others.`);
    return found;
  };
  return {
    id,
    live,
    async die() {
      await owner.query(`update aos.workers set lease_until = now() - interval '1 s'`);
      registered = false;
    },
    claim,
    commit: (held, change) => journal.commit(held, change),
    async succeed(runId, plan, outputs) {
      const held = await claim(runId);
      const steps = plan.steps.map(({ key, skill }) => completed(key, skill, outputs[key] ?? null));
      await journal.commit(held, {
        events: [
          { type: 'run.started', workerId: id, epoch: held.epoch },
          ...steps.map(
            ({ key, skill }) =>
              ({ type: 'step.completed', step: key, skill, attempt: 1, durationMs: 5 }) as const,
          ),
          { type: 'run.finished', outcome: 'succeeded', durationMs: 10 },
        ],
        steps,
        ...(!held.run.plan && {
          plan: { version: 1, planner: held.run.planner, plan, hash: 'sha256:0' },
        }),
        next: { status: 'finished', outcome: 'succeeded' },
      });
    },
    async [Symbol.asyncDispose]() {
      await journal.drained();
      await queue.stop();
    },
  };
}

export function completed(key: string, skill: string, output: Json): StepRecord {
  const now = new Date();
  return {
    key,
    skill,
    skillVersion: '1.0.0',
    effect: 'pure',
    attempt: 1,
    inputHash: 'sha256:0',
    startedAt: new Date(now.getTime() - 5),
    finishedAt: now,
    status: 'completed',
    output,
  };
}
