import { runUuid, type Acceptance } from './acceptance.ts';
import type { Db } from './db.ts';
import type { Queue } from './queue.ts';

/**
 * Closes the open letters of runs that are being run again, however that came about. In the transaction
 * that stores the new runs. A letter that is settled stays as it is.
 */
export async function settleLetters(
  tx: Db,
  queue: Queue,
  accepted: readonly Acceptance[],
): Promise<void> {
  const again = accepted.flatMap(({ origin, runId, by }) =>
    origin ? [{ origin: runUuid(origin.runId), run: runUuid(runId), by }] : [],
  );
  if (again.length === 0) return;
  const rows = await tx.query<{ run_id: string }>(
    `update aos.dead_letters d
        set redriven_as = a.run, redriven_at = clock_timestamp(), redriven_by = a.by
       from unnest($1::uuid[], $2::uuid[], $3::text[]) as a(origin, run, by)
      where d.run_id = a.origin
        and d.redriven_as is null
        and d.discarded_at is null
  returning d.run_id`,
    [again.map(({ origin }) => origin), again.map(({ run }) => run), again.map(({ by }) => by)],
  );
  await queue.unbury(
    tx,
    rows.map(({ run_id }) => run_id),
  );
}
