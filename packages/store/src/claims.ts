import {
  STALLS_ISOLATED,
  STALLS_MAX,
  type AgentDefinition,
  type ClaimedRun,
  type Pause,
  type PlannerName,
} from '@aos/core';

import { definitionsOf } from './agent-versions.ts';
import { load, toClaimedRun } from './claimed-run.ts';
import type { Database, Db } from './db.ts';
import { putToRest } from './rest.ts';
import type { Job, Kind, Queue } from './queue.ts';
import { retryConflicts } from './retry-conflicts.ts';
import * as stalls from './stalls.ts';
import { takeSurely } from './take-surely.ts';

/** A claimed run with what the journal needs to write for it. */
export interface Claim {
  readonly uuid: string;
  readonly epoch: number;
  readonly planner: PlannerName;
  readonly job: Job;
  /** The place of the next event; kept by the journal. */
  nextSeq: number;
  readonly run: ClaimedRun;
}

/** Told of jobs that no run sent; they are completed, and nothing else happens. */
export type OnStray = (jobs: readonly Job[]) => void;

export interface TakeOptions {
  readonly kind?: Kind;
  readonly onStray?: OnStray;
  /** Runs that these cover are put to rest instead. */
  readonly pauses?: readonly Pause[];
  /** The lease is gone: what is in doubt is in other hands. */
  readonly lost?: AbortSignal;
}

/** Batches of paused runs that are passed over in one transaction. */
const REST_ROUNDS_MAX = 10;

/**
 * Takes up to `max` jobs and claims their runs for the worker, in one transaction: a worker that dies
 * in it has taken nothing. Jobs of runs that need no worker are completed. A worker without a lease gets
 * nothing, and runs that a pause covers are put to rest instead.
 */
export function take(
  database: Database,
  queue: Queue,
  workerUuid: string,
  max: number,
  options: TakeOptions = {},
): Promise<readonly Claim[]> {
  const { kind = 'regular', onStray = () => {}, pauses = [], lost } = options;
  return takeSurely(
    {
      take: (found) =>
        retryConflicts(() =>
          database.transaction(async (tx) => {
            found([]);
            if (!(await isLive(tx, workerUuid))) return;
            found(await takeIn(database, tx, queue, workerUuid, { max, kind, onStray, pauses }));
          }),
        ),
      epochs: (claims) => epochs(database, workerUuid, claims),
    },
    { ...(lost && { lost }) },
  );
}

/** Keeps the worker's row as it is: nobody can declare it dead while it takes runs. */
async function isLive(tx: Db, workerUuid: string): Promise<boolean> {
  const rows = await tx.query(
    `select 1 from aos.workers
      where id = $1 and state = 'live' and lease_until > now()
        for key share`,
    [workerUuid],
  );
  return rows.length > 0;
}

/** Of those of these runs that the worker holds. Waits for a transaction that is still under way. */
async function epochs(
  database: Database,
  workerUuid: string,
  claims: readonly Claim[],
): Promise<ReadonlyMap<string, number>> {
  const rows = await database.query<{ id: string; epoch: number }>(
    `select id, epoch from aos.runs where id = any ($1::uuid[]) and worker_id = $2 for share`,
    [claims.map(({ uuid }) => uuid), workerUuid],
  );
  return new Map(rows.map(({ id, epoch }) => [id, epoch]));
}

interface Taking {
  readonly max: number;
  readonly kind: Kind;
  readonly onStray: OnStray;
  readonly pauses: readonly Pause[];
}

async function takeIn(
  database: Database,
  tx: Db,
  queue: Queue,
  workerUuid: string,
  { max, kind, onStray, pauses }: Taking,
): Promise<Claim[]> {
  const jobs =
    pauses.length === 0
      ? await queue.fetch(tx, max, kind)
      : await fetchAwake(tx, queue, { max, kind, pauses });
  if (jobs.length === 0) return [];
  const ids = jobs.map(({ id }) => id);
  const claimed = new Set(await claim(tx, ids, workerUuid, EPOCH_CLEAR_MAX));
  const left = ids.filter((id) => !claimed.has(id));
  const stalled = await stalls.of(tx, left);
  const doubtful = stalled.filter(isDoubtful);
  const suspect = stalled.filter((run) => kind === 'regular' && isSuspect(run));
  const apart = [...doubtful, ...suspect];
  const others = stalled.filter((run) => !apart.includes(run)).map(({ id }) => id);
  for (const id of await claim(tx, others, workerUuid)) claimed.add(id);
  // Ours carry nothing: somebody moved it here, most likely out of the dead letter queue.
  const strays = jobs.filter(({ id, data }) => data && !claimed.has(id));
  if (strays.length > 0) onStray(strays);
  await queue.complete(
    tx,
    jobs.filter(({ id }) => !claimed.has(id)),
  );
  await queue.isolate(
    tx,
    suspect.map(({ id }) => id),
  );
  await queue.isolate(
    tx,
    doubtful.map(({ id }) => id),
    doubtful[0]?.certainAt,
  );
  const byId = new Map(jobs.map((job) => [job.id, job]));
  const stallsOf = new Map(stalled.map((run) => [run.id, run.stalls]));
  const rows = await load(tx, [...claimed]);
  const definitions = await definitionsOf(database, tx, rows);
  return rows.map((row, at) => {
    const { id: uuid, epoch, planner } = row;
    const run = toClaimedRun(row, {
      agent: definitions[at] as AgentDefinition,
      workerUuid,
      stalls: stallsOf.get(uuid) ?? 0,
    });
    return { uuid, epoch, planner, job: byId.get(uuid) as Job, nextSeq: row.last_seq + 1, run };
  });
}

/** A run of a lower epoch was not claimed twice without an end. */
const EPOCH_CLEAR_MAX = 3;

/** It runs alone next; should that end the same way, it is not run again. */
function isSuspect({ stalls: count }: stalls.Stalled): boolean {
  return count >= STALLS_ISOLATED && count < STALLS_MAX;
}

/** It would be given up, and somebody it is blamed for may be cut off and on the way back: that is awaited. */
function isDoubtful({ stalls: count, proven }: stalls.Stalled): boolean {
  return count >= STALLS_MAX && proven < STALLS_MAX;
}

/** While everything is paused, what is new keeps its place. */
async function fetchAwake(
  tx: Db,
  queue: Queue,
  { max, kind, pauses }: { max: number; kind: Kind; pauses: readonly Pause[] },
): Promise<Job[]> {
  const all = pauses.some(({ scope }) => scope === 'everything');
  const awakeKind = all && kind === 'regular' ? 'resumed' : kind;
  for (let round = 1; ; round++) {
    const jobs = await queue.fetch(tx, max, awakeKind);
    const resting = await putToRest(
      tx,
      queue,
      jobs.map(({ id }) => id),
      pauses,
    );
    const awake = jobs.filter(({ id }) => !resting.has(id));
    if (awake.length > 0 || resting.size === 0 || round >= REST_ROUNDS_MAX) return awake;
  }
}

/** Raises the epoch: from here on, every earlier holder is refused. */
async function claim(
  tx: Db,
  uuids: readonly string[],
  workerUuid: string,
  epochMax?: number,
): Promise<string[]> {
  if (uuids.length === 0) return [];
  const rows = await tx.query<{ id: string }>(
    `update aos.runs
        set status = 'running',
            epoch = epoch + 1,
            worker_id = $2,
            waiting_for = null,
            wake_at = null,
            started_at = coalesce(started_at, clock_timestamp()),
            deadline_at = coalesce(deadline_at, clock_timestamp() + wall_ms * interval '1 ms')
      where id = any ($1::uuid[])
        and status in ('queued', 'waiting')
        and ($3::int is null or epoch <= $3)
  returning id`,
    [uuids, workerUuid, epochMax ?? null],
  );
  return rows.map(({ id }) => id);
}

/**
 * Lets go of a run that this worker can neither advance nor end, so that it is not held by a live lease
 * with nobody behind it. It comes back after a pause. Does nothing when it is in other hands by now.
 */
export async function letGo(
  database: Database,
  queue: Queue,
  { uuid, epoch }: Pick<Claim, 'uuid' | 'epoch'>,
  pauseMs: number,
): Promise<void> {
  await retryConflicts(() =>
    database.transaction(async (tx) => {
      // Whatever the worker is writing of it comes first: those writes hold this row, and not the run's.
      await tx.query(
        `select 1 from aos.workers
          where id = (select worker_id from aos.runs where id = $1)
            for update`,
        [uuid],
      );
      const [run] = await tx.query<{ priority: number; start_after: Date }>(
        `update aos.runs
            set status = 'queued', worker_id = null, epoch = epoch + 1
          where id = $1 and epoch = $2 and status = 'running'
      returning priority, now() + $3 * interval '1 ms' as start_after`,
        [uuid, epoch, pauseMs],
      );
      if (!run) return;
      await queue.resend(tx, [{ uuid, priority: run.priority, startAfter: run.start_after }]);
    }),
  );
}

/** What the worker holds in the eyes of the database. */
export async function holds(db: Db, workerUuid: string): Promise<Pick<Claim, 'uuid' | 'epoch'>[]> {
  return db.query(`select id as uuid, epoch from aos.runs where worker_id = $1`, [workerUuid]);
}
