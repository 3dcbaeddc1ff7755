import type { JobRow, RunRow, Tables } from './tables.ts';

const RESUMED_PRIORITY = 1_000;

/** The queue of jobs, as pg-boss keeps it: a job's id is its run's, and one that is there stays. */
export function send(
  tables: Tables,
  { uuid, priority }: Pick<RunRow, 'uuid' | 'priority'>,
  { startAfter = 0, resumed = false } = {},
): void {
  if (!tables.jobs.has(uuid)) {
    tables.jobs.set(uuid, {
      uuid,
      priority: priority + (resumed ? RESUMED_PRIORITY : 0),
      startAfter,
      made: tables.jobsMade++,
      state: 'created',
    });
  }
  tables.notify('queued');
}

/** A new job for a run that was under way, for whatever it has. */
export function resend(
  tables: Tables,
  run: Pick<RunRow, 'uuid' | 'priority'>,
  startAfter = 0,
): void {
  tables.jobs.delete(run.uuid);
  send(tables, run, { startAfter, resumed: true });
}

export function fetch(tables: Tables, max: number): JobRow[] {
  const now = tables.now();
  const due = [...tables.jobs.values()]
    .filter((job) => job.state === 'created' && job.startAfter <= now)
    .toSorted((a, b) => b.priority - a.priority || a.made - b.made)
    .slice(0, max);
  for (const job of due) job.state = 'active';
  return due;
}

/** Fenced by the job itself: one that was made anew since is another one. */
export function complete(tables: Tables, job: JobRow): void {
  if (tables.jobs.get(job.uuid) === job && job.state === 'active') job.state = 'completed';
}

export function hasWaitingJob(tables: Tables, uuid: string): boolean {
  return tables.jobs.get(uuid)?.state === 'created';
}
