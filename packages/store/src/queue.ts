import { PgBoss, type JobInsert } from 'pg-boss';

import type { Db } from './db.ts';
import { PLACES_PER_POINT, RESUMED_FROM, RESUMED_PLACE } from './fair-share.ts';

/** One queue: every job says "advance the run of this id", and carries nothing else. */
const QUEUE = 'runs';

/** Shows the open dead letters to whoever looks with the tools of pg-boss; nobody fetches from it. */
const DEAD_QUEUE = 'runs_dead';

/**
 * What workers listen on: `queued`, there is work; `cancel <uuid>` and `pause <uuid>`, somebody wants a
 * run stopped or put to rest; `pauses`, what is paused has changed.
 */
export const WORKER_CHANNEL = 'aos_runs';

/** Below all others: regular workers do not look there. */
const SUSPECT_PRIORITY = -2_147_483_648;

const BANDS = {
  regular: { minPriority: SUSPECT_PRIORITY + 1 },
  resumed: { minPriority: RESUMED_FROM },
  suspect: { maxPriority: SUSPECT_PRIORITY },
} as const satisfies Record<Kind, object>;

const DAY_S = 86_400;

/** A job as it was fetched; it must be handed back whole, since a bare id would not be fenced. */
export type Job = Awaited<ReturnType<PgBoss['fetch']>>[number];

/** A run to dispatch. A job's id is its run's id, so a run has at most one job. */
export interface Dispatch {
  readonly uuid: string;
  /** Of a new run its place among all; of one that was under way its own priority. */
  readonly priority: number;
  readonly startAfter?: Date;
  /** It was under way before: a rescue, or the end of a wait. */
  readonly resumed?: boolean;
  /** It seems to kill its workers: only a worker in quarantine takes it. */
  readonly suspect?: boolean;
}

/** A dead letter as the tools of pg-boss see it; its id is the run's. */
export interface DeadJob {
  readonly uuid: string;
  readonly data: { readonly runId: string; readonly code: string; readonly fingerprint: string };
}

/** Which jobs to take: those of suspected runs, all others, or of these only what was under way before. */
export type Kind = 'regular' | 'resumed' | 'suspect';

export interface Queue {
  /** In the caller's transaction, with a notice to the workers. A run that has a job keeps it. */
  send(tx: Db, dispatches: readonly Dispatch[]): Promise<void>;
  /** Gives runs that were under way a new job for whatever they have. The caller must hold their rows. */
  resend(tx: Db, dispatches: readonly Omit<Dispatch, 'resumed'>[]): Promise<void>;
  /** Takes up to `max` jobs, in the caller's transaction: rolled back, they are there again. */
  fetch(tx: Db, max: number, kind: Kind): Promise<Job[]>;
  complete(tx: Db, jobs: readonly Job[]): Promise<void>;
  /** Takes the jobs of these runs out, whoever holds them. The caller must hold the runs' rows. */
  remove(tx: Db, uuids: readonly string[]): Promise<void>;
  /** Shows letters in the dead letter queue. In the transaction that writes them. */
  bury(tx: Db, jobs: readonly DeadJob[]): Promise<void>;
  /** Letters that are settled leave the dead letter queue. The caller must hold their rows. */
  unbury(tx: Db, uuids: readonly string[]): Promise<void>;
  /** Jobs in the dead letter queue that stand for no open letter. */
  strayDead(tx: Db, max: number): Promise<string[]>;
  /** Gives runs that seem to kill their workers a job in quarantine. The caller must hold their rows. */
  isolate(tx: Db, uuids: readonly string[], startAfter?: Date): Promise<void>;
  /** Whether a job waits in quarantine. */
  hasSuspects(db: Db): Promise<boolean>;
  /** Runs that should have a job by now and have none, or only one that ended. Locks their rows. */
  forgotten(tx: Db, afterS: number, max: number): Promise<{ id: string; priority: number }[]>;
  stop(): Promise<void>;
}

interface QueueOptions {
  readonly maintain: boolean;
  readonly onError: (error: Error) => void;
}

/** pg-boss on our own pool and role, without any timer of its own unless `maintain`. */
export async function openQueue(db: Db, options: QueueOptions): Promise<Queue> {
  const boss = await startBoss(db, options);
  const send: Queue['send'] = async (tx, dispatches) => {
    if (dispatches.length === 0) return;
    await boss.insert(QUEUE, dispatches.map(toJob), { db: adapter(tx) });
    await tx.query(`select pg_notify('${WORKER_CHANNEL}', 'queued')`);
  };
  const remove: Queue['remove'] = async (tx, uuids) => {
    if (uuids.length > 0) await boss.deleteJob(QUEUE, [...uuids], { db: adapter(tx) });
  };
  return {
    send,
    async resend(tx, dispatches) {
      await remove(
        tx,
        dispatches.map(({ uuid }) => uuid),
      );
      await send(
        tx,
        dispatches.map((dispatch) => ({ ...dispatch, resumed: true })),
      );
    },
    fetch: (tx, max, kind) =>
      boss.fetch(QUEUE, { batchSize: max, db: adapter(tx), ...BANDS[kind] }),
    async isolate(tx, uuids, startAfter) {
      const how = { priority: 0, suspect: true, ...(startAfter && { startAfter }) };
      await remove(tx, uuids);
      await send(
        tx,
        uuids.map((uuid) => ({ uuid, ...how })),
      );
    },
    hasSuspects: async (from) => (await from.query(SUSPECTS)).length > 0,
    async complete(tx, jobs) {
      if (jobs.length > 0) await boss.complete(QUEUE, [...jobs], null, { db: adapter(tx) });
    },
    remove,
    ...deadQueue(boss),
    forgotten: (tx, afterS, max) => tx.query(FORGOTTEN, [afterS, max]),
    stop: () => boss.stop({ graceful: false }),
  };
}

function deadQueue(boss: PgBoss): Pick<Queue, 'bury' | 'unbury' | 'strayDead'> {
  return {
    async bury(tx, jobs) {
      if (jobs.length === 0) return;
      const dead = jobs.map(({ uuid, data }) => ({ id: uuid, data }));
      await boss.insert(DEAD_QUEUE, dead, { db: adapter(tx) });
    },
    async unbury(tx, uuids) {
      if (uuids.length > 0) await boss.deleteJob(DEAD_QUEUE, [...uuids], { db: adapter(tx) });
    },
    async strayDead(tx, max) {
      const rows = await tx.query<{ id: string }>(STRAY_DEAD, [max]);
      return rows.map(({ id }) => id);
    },
  };
}

/** Moves the job of a run as if its own priority had been this much greater when it was sent. */
export async function moveJob(tx: Db, uuid: string, points: number): Promise<void> {
  await tx.query(MOVE, [uuid, points, RESUMED_FROM, PLACES_PER_POINT]);
}

const MOVE = `
  update pgboss.job
     set priority = priority + $2::int * case when priority < $3::int then $4::int else 1 end
   where name = '${QUEUE}' and id = $1 and state in ('created', 'retry')
     and priority > ${SUSPECT_PRIORITY}`;

/** Spans of looking for work would bury those of the work; runs are traced by those who do them. */
const UNTRACED = { openTelemetry: { enabled: false } } as const;

async function startBoss(db: Db, { maintain, onError }: QueueOptions): Promise<PgBoss> {
  const boss = new PgBoss({
    db: adapter(db),
    migrate: false,
    createSchema: false,
    schedule: false,
    supervise: maintain,
    superviseIntervalSeconds: 60,
    ...UNTRACED,
  });
  boss.on('error', onError);
  await boss.start();
  return boss;
}

const SUSPECTS = `
  select 1
    from pgboss.job
   where name = '${QUEUE}' and priority = ${SUSPECT_PRIORITY} and not blocked
     and state in ('created', 'retry')
   limit 1`;

const FORGOTTEN = `
  select r.id, r.priority
    from aos.runs r
   where (r.status = 'queued' and greatest(r.created_at, r.start_at) < now() - $1 * interval '1 s'
          or r.status = 'waiting' and r.wake_at < now() - $1 * interval '1 s')
     and not exists (select 1 from pgboss.job j
                      where j.name = '${QUEUE}' and j.id = r.id and j.state in ('created', 'retry'))
   order by r.id
   limit $2
     for update of r skip locked`;

const STRAY_DEAD = `
  select j.id
    from pgboss.job j
   where j.name = '${DEAD_QUEUE}'
     and not exists (select from aos.dead_letters d
                      where d.run_id = j.id and d.redriven_as is null and d.discarded_at is null)
   order by j.id
   limit $1`;

/** Creates or upgrades pg-boss's schema and our queue. As the owner of the database. */
export async function migrateQueue(db: Db): Promise<void> {
  const boss = new PgBoss({ db: adapter(db), schedule: false, supervise: false, ...UNTRACED });
  await boss.start();
  try {
    const options = {
      // Recovery is ours: a job is never timed out by pg-boss while its run is alive.
      expireInSeconds: DAY_S,
      retentionSeconds: 365 * DAY_S,
      // The history of runs is in our tables.
      deleteAfterSeconds: 3_600,
      retryLimit: 1_000,
      retryDelay: 0,
    };
    if (await boss.getQueue(QUEUE)) await boss.updateQueue(QUEUE, options);
    else await boss.createQueue(QUEUE, { ...options, partition: true });
    // Letters wait for people, and people take their time.
    const kept = { retentionSeconds: 10 * 365 * DAY_S, deleteAfterSeconds: DAY_S };
    if (await boss.getQueue(DEAD_QUEUE)) await boss.updateQueue(DEAD_QUEUE, kept);
    else await boss.createQueue(DEAD_QUEUE, kept);
  } finally {
    await boss.stop({ graceful: false });
  }
  await grant(db);
}

async function grant(db: Db): Promise<void> {
  await db.query(`
    grant usage on schema pgboss to aos_api, aos_worker, aos_reader;
    grant select on all tables in schema pgboss to aos_api, aos_worker, aos_reader;
    grant insert, update, delete on all tables in schema pgboss to aos_api, aos_worker;
    grant execute on all functions in schema pgboss to aos_api, aos_worker;`);
}

function toJob({ uuid, priority, startAfter, resumed, suspect }: Dispatch): JobInsert {
  return {
    id: uuid,
    // What is under way is finished before anything new begins.
    priority: suspect ? SUSPECT_PRIORITY : priority + (resumed ? RESUMED_PLACE : 0),
    ...(startAfter && { startAfter }),
  };
}

function adapter(db: Db) {
  return {
    executeSql: async (text: string, values?: unknown[]) => ({
      rows: await db.query<Record<string, unknown>>(text, values),
    }),
  };
}
