import { AosError, newId, uuidOf, type Change, type Json, type StepRecord } from '@aos/core';
import type { Client } from 'pg';

import { take, type Claim, type OnStray } from './claims.ts';
import { createDatabase, type Database } from './db.ts';
import { openJournal, type Journal } from './journal.ts';
import { openQueue, type Kind, type Queue } from './queue.ts';
import type { TestStore } from './store.fixture.ts';
import * as workers from './workers.ts';

/** PostgreSQL as it is shipped, and the oldest that is supported. */
export const servers = ['AOS_TEST_DATABASE_URL', 'AOS_TEST_DATABASE_URL_15'] as const;

/** A live worker in the eyes of the database, in its own role; what it does, the test says. */
export interface TestWorker extends AsyncDisposable {
  readonly uuid: string;
  readonly database: Database;
  readonly queue: Queue;
  readonly journal: Journal;
  /** Holds the worker's lock. */
  readonly session: Client;
  take(max?: number, kind?: Kind, onStray?: OnStray): Promise<readonly Claim[]>;
  /** Takes jobs until it has the one of this run. */
  claim(runId: string): Promise<Claim>;
}

export async function startTestWorker(
  store: TestStore,
  options: {
    readonly wrap?: (database: Database) => Database;
    /** Of another worker, whose process this one is a further life of. */
    readonly processId?: string;
  } = {},
): Promise<TestWorker> {
  await using started = new AsyncDisposableStack();
  const own = createDatabase({
    url: store.url,
    role: 'aos_worker',
    applicationName: 'worker',
    connectionsMax: 6,
  });
  started.defer(() => own.close());
  const database = options.wrap?.(own) ?? own;
  const queue = await openQueue(own, { maintain: false, onError: () => {} });
  started.defer(() => queue.stop());
  const uuid = uuidOf('worker', newId('worker')) as string;
  const session = await own.connect();
  started.defer(() => session.end().catch(() => {}));
  await session.query('select pg_advisory_lock($1)', [workers.lockKeyOf(uuid).toString()]);
  await workers.register(own, {
    uuid,
    host: 'here',
    pid: 1,
    version: '0',
    slots: 10,
    skills: [],
    processId: options.processId ?? uuid,
    quarantine: false,
  });
  // Tests take the time they take.
  await store.owner.query(
    `update aos.workers set lease_until = now() + interval '1 hour' where id = $1`,
    [uuid],
  );
  const journal = openJournal(database, queue, { workerUuid: uuid });
  const all = started.move();
  return {
    uuid,
    database,
    queue,
    journal,
    session,
    take: (max = 100, kind, onStray) =>
      take(database, queue, uuid, max, { ...(kind && { kind }), ...(onStray && { onStray }) }),
    async claim(runId) {
      const claims = await take(database, queue, uuid, 1_000);
      const found = claims.find(({ run }) => run.id === runId);
      if (!found) throw new Error(`${runId} has no job now.`);
      return found;
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** The database whose commits stand, and whose answers get lost when the test says so. */
export function forgetful(database: Database, lose: () => boolean): Database {
  const forgetting = async <T>(answer: Promise<T>): Promise<T> => {
    const result = await answer;
    if (lose()) throw new AosError('database_unavailable', 'The answer was lost.');
    return result;
  };
  return {
    ...database,
    query: (text, values) => forgetting(database.query(text, values)),
    transaction: (work) => forgetting(database.transaction(work)),
  };
}

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

export const finished: Change = {
  events: [{ type: 'run.finished', outcome: 'succeeded', durationMs: 1 }],
  next: { status: 'finished', outcome: 'succeeded' },
};

/** The run failed as a whole. */
export const failed: Change = {
  events: [
    {
      type: 'run.finished',
      outcome: 'failed',
      durationMs: 1,
      failure: { code: 'run_expired', detail: 'Too late.' },
    },
  ],
  next: { status: 'finished', outcome: 'failed', failureCode: 'run_expired' },
};

/** A step that asks for leave, and the run that waits for it, in one change. */
export function asking(key: string): { readonly approvalId: string; readonly change: Change } {
  const approvalId = newId('approval');
  const wait = { for: 'approval', approvalId } as const;
  return {
    approvalId,
    change: {
      events: [
        { type: 'approval.requested', step: key, approvalId, kind: 'step' },
        { type: 'run.waiting', waitingFor: 'approval' },
      ],
      steps: [aRecord(key, { status: 'waiting', wait })],
      approvals: [
        {
          id: approvalId,
          stepKey: key,
          kind: 'step',
          reason: 'Sure?',
          skill: 'echo',
          input: {},
          inputHash: 'sha256:0',
        },
      ],
      next: { status: 'waiting', waitingFor: 'approval' },
    },
  };
}

/** What the journal says of a run, by type, after checking that no place is missing. */
export async function journalOf(store: TestStore, runId: string): Promise<string[]> {
  const rows = await store.owner.query<{ seq: number; type: string }>(
    `select seq, type from aos.events where run_id = $1 order by seq`,
    [uuidOf('run', runId)],
  );
  for (const [place, { seq }] of rows.entries()) {
    if (seq !== place) throw new Error(`${runId} has a gap before ${seq}.`);
  }
  return rows.map(({ type }) => type);
}

export async function rowOf(store: TestStore, runId: string): Promise<Record<string, unknown>> {
  const rows = await store.owner.query<Record<string, unknown>>(
    `select r.*, j.state as job_state, j.priority as job_priority, j.start_after > now() as job_later
       from aos.runs r
       left join pgboss.job j on j.name = 'runs' and j.id = r.id
      where r.id = $1`,
    [uuidOf('run', runId)],
  );
  if (!rows[0]) throw new Error(`There is no run ${runId}.`);
  return rows[0];
}
