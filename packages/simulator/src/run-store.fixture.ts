import { randomUUID } from 'node:crypto';

import { AosError, idOf, uuidOf } from '@aos/core';
import { createJournal, takeSurely, type Claim } from '@aos/store';
import type { RunFacts, RunStore, StoreClaim, StoreWorker } from '@aos/testing';

import * as claims from './memory-claims.ts';
import { write } from './memory-journal.ts';
import * as people from './memory-people.ts';
import * as rows from './memory-workers.ts';
import { emptyTables, type RunRow, type Tables } from './tables.ts';

const HOUR_MS = 3_600_000;

/** The store in memory, as the suite of all stores of runs wants it. */
export function memoryRunStore(): RunStore {
  const tables = emptyTables(Date.now);
  const rowOf = (runId: string) => tables.runs.get(uuidOf('run', runId) ?? '') as RunRow;
  return {
    async accept({ input = {}, priority = 0, startAt, ...request }) {
      await soon();
      const uuid = randomUUID();
      const more = { uuid, input, priority, ...(startAt && { startAt: startAt.getTime() }) };
      const answer = people.accept(tables, { ...request, ...more });
      return { runId: idOf('run', answer.uuid), created: answer.created };
    },
    cancel: (runId, by) => soon(() => people.cancel(tables, uuidOf('run', runId) ?? '', by)),
    decide: (approvalId, given) => soon(() => people.decide(tables, approvalId, given)),
    openWorker: () => soon(() => openWorker(tables)),
    facts: (runId) => soon(() => factsOf(tables, rowOf(runId))),
    loseJob: (runId) => soon(() => void tables.jobs.delete(rowOf(runId).uuid)),
    age: (runId) =>
      soon(() => {
        const run = rowOf(runId);
        run.createdAt -= 60_000;
        if (run.wakeAt) run.wakeAt -= 60_000;
      }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Others have their turn before, as they would around a transaction. */
async function soon<T>(work?: () => T): Promise<T> {
  await new Promise((resolve) => setImmediate(resolve));
  return work?.() as T;
}

function openWorker(tables: Tables): StoreWorker {
  const uuid = randomUUID();
  rows.register(tables, uuid);
  const row = tables.workers.get(uuid);
  if (!row) throw new Error('The worker is not registered.');
  row.leaseUntil += HOUR_MS;
  let losses = 0;
  const answered = async <T>(work: () => T): Promise<T> => {
    const given = await soon(work);
    if (losses > 0 && losses-- > 0) throw new AosError('database_unavailable', 'It got lost.');
    return given;
  };
  const journal = createJournal(
    (entries, _lane, sentBefore) => answered(() => write(tables, uuid, entries, sentBefore)),
    {},
  );
  const taking = (max: number) => ({
    take: (found: (taken: readonly Claim[]) => void) =>
      answered(() => found(claims.take(tables, uuid, max))),
    epochs: () =>
      soon(() => new Map(claims.holds(tables, uuid).map((held) => [held.uuid, held.epoch]))),
  });
  return {
    id: idOf('worker', uuid),
    take: (max) => takeSurely(taking(max), {}),
    commit: (claim, change) => journal.commit(claim as Claim, change),
    letGo: (claim: StoreClaim, ms) => soon(() => claims.letGo(tables, claim as Claim, ms)),
    renew: () =>
      soon(() => {
        const { held, cancelling } = rows.renew(tables, uuid);
        const named = cancelling.map((one) => ({ runId: idOf('run', one.uuid), by: one.by }));
        return { held, cancelling: named };
      }),
    stopping: () => soon(() => rows.stopping(tables, uuid)),
    stopped: () => soon(() => rows.stopped(tables, uuid)),
    suspects: () => soon(() => rows.suspects(tables, uuid).map((one) => idOf('worker', one))),
    rescue: (dead) =>
      soon(() =>
        rows
          .rescue(
            tables,
            dead.map((id) => uuidOf('worker', id) ?? ''),
          )
          .map((run) => idOf('run', run)),
      ),
    dispatchForgotten: () => soon(() => rows.dispatchForgotten(tables)),
    die: () => soon(() => void (row.locked = false)),
    expire: () => soon(() => void (row.leaseUntil = tables.now() - 1)),
    loseAnswers: (count) => void (losses = count),
  };
}

function factsOf(tables: Tables, run: RunRow): RunFacts {
  const job = tables.jobs.get(run.uuid);
  return {
    status: run.status,
    ...(run.outcome && { outcome: run.outcome }),
    ...(run.failureCode && { failureCode: run.failureCode }),
    epoch: run.epoch,
    ...(run.workerUuid && { workerId: idOf('worker', run.workerUuid) }),
    ...(run.waitingFor && { waitingFor: run.waitingFor }),
    ...(run.cancelledBy && { cancelledBy: run.cancelledBy }),
    events: run.events.map(({ seq, epoch, event }) => ({ seq, epoch, event })),
    steps: [...run.steps.values()],
    approvals: [...tables.approvals.values()].filter(({ runUuid }) => runUuid === run.uuid),
    ...(job?.state === 'created' && {
      job: { priority: job.priority, later: job.startAfter > tables.now() },
    }),
  };
}
