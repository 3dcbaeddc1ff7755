import { AosError, failures, uuidOf, type Status } from '@aos/core';

import type { Db } from './db.ts';
import type { PlaceOf } from './fair-share.ts';
import { moveJob, WORKER_CHANNEL, type Queue } from './queue.ts';
import { REST_WAKE, wake } from './rest.ts';

interface PausedRow {
  readonly status: Status;
  readonly priority: number;
  readonly waiting_for: string | null;
  readonly paused: boolean;
}

/**
 * Puts one run to rest: at once when no worker has it, else at its next step boundary. What it asked of
 * humans stays open. Doing it again changes nothing. In the caller's transaction.
 */
export async function pause(
  tx: Db,
  queue: Queue,
  id: string,
  by: string,
): Promise<'paused' | 'finished'> {
  const { uuid, run } = await lock(tx, id);
  if (run.status === 'finished') return 'finished';
  if (run.paused) return 'paused';
  const [rested] = await tx.query<{ rests: boolean; wake_at: Date | null }>(
    `update aos.runs r
        set pause_requested_at = now(), pause_requested_by = $2,
            status = case when q.rests then 'waiting' else r.status end,
            waiting_for = case when q.rests then 'pause' else r.waiting_for end,
            paused_skills = case when q.rests then null else r.paused_skills end,
            wake_at = case when q.rests then ${REST_WAKE} else r.wake_at end
       from (select id, cancel_requested_at is null
                        and (status = 'queued' or waiting_for not in ('approval', 'review')) as rests
               from aos.runs where id = $1) as q
      where r.id = q.id
  returning coalesce(q.rests, false) as rests, r.wake_at`,
    [uuid, by],
  );
  if (run.status === 'running') await tell(tx, uuid);
  if (rested?.rests) {
    await queue.remove(tx, [uuid]);
    const { wake_at: startAfter } = rested;
    const dispatch = { uuid, priority: run.priority, resumed: true };
    if (startAfter) await queue.send(tx, [{ ...dispatch, startAfter }]);
  }
  return 'paused';
}

/** Lets it go on. Doing it again changes nothing. In the caller's transaction. */
export async function resume(
  tx: Db,
  queue: Queue,
  id: string,
  placeOf: PlaceOf,
): Promise<'resumed' | 'finished'> {
  const { uuid, run } = await lock(tx, id);
  if (run.status === 'finished') return 'finished';
  if (!run.paused) return 'resumed';
  await tx.query(
    `update aos.runs set pause_requested_at = null, pause_requested_by = null where id = $1`,
    [uuid],
  );
  if (run.waiting_for === 'pause') await wake(tx, queue, [uuid], placeOf);
  if (run.status === 'running') await tell(tx, uuid);
  return 'resumed';
}

/**
 * Gives a run that has not finished another priority; while it is queued, it moves. In the caller's
 * transaction.
 */
export async function setPriority(
  tx: Db,
  id: string,
  priority: number,
): Promise<'set' | 'finished'> {
  const { uuid, run } = await lock(tx, id);
  if (run.status === 'finished') return 'finished';
  if (run.priority === priority) return 'set';
  await tx.query(`update aos.runs set priority = $2 where id = $1`, [uuid, priority]);
  await moveJob(tx, uuid, priority - run.priority);
  return 'set';
}

async function lock(tx: Db, id: string): Promise<{ uuid: string; run: PausedRow }> {
  const uuid = uuidOf('run', id) ?? null;
  const [run] = await tx.query<PausedRow>(
    `select status, priority, waiting_for, pause_requested_at is not null as paused
       from aos.runs
      where id = $1
        for update`,
    [uuid],
  );
  if (!run || !uuid) throw new AosError('run_not_found', failures.run_not_found.meaning);
  return { uuid, run };
}

/** The worker that holds it looks again. */
async function tell(tx: Db, uuid: string): Promise<void> {
  await tx.query(`select pg_notify('${WORKER_CHANNEL}', 'pause ' || $1)`, [uuid]);
}
