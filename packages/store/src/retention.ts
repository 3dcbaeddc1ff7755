import type { Db } from './db.ts';

export interface Retention {
  /** Finished runs, with everything that belongs to them. */
  readonly runDays: number;
  /** The log of events. */
  readonly logDays: number;
  /** How much longer readers that lag may keep the log. */
  readonly holdDays: number;
}

const BATCH_RUNS = 200;

/**
 * Removes finished runs that are older than they are kept, in short transactions, from the oldest on.
 * Returns how many.
 */
export async function removeRuns(
  db: Db,
  { runDays }: Retention,
  stop: AbortSignal,
): Promise<number> {
  let removed = 0;
  let after: string | null = '00000000-0000-0000-0000-000000000000';
  while (after !== null && !stop.aborted) {
    const rows: { removed: number; next_after: string | null }[] = await db.query(
      `select removed, next_after from aos.remove_finished_runs($1 * interval '1 day', $2, $3)`,
      [runDays, after, BATCH_RUNS],
    );
    removed += rows[0]?.removed ?? 0;
    after = rows[0]?.next_after ?? null;
  }
  return removed;
}

export interface HeldPart {
  readonly part: string;
  /** A run of it is not finished, or is kept; somebody has not read it; or it was in use just now. */
  readonly reason: 'unfinished_run' | 'kept_run' | 'delivery' | 'consumer' | 'relay' | 'busy';
}

/** Drops the parts of the log that may go, and tells which may not yet, and why. */
export async function dropParts(
  db: Db,
  { logDays, holdDays }: Retention,
): Promise<{ readonly dropped: readonly string[]; readonly held: readonly HeldPart[] }> {
  const dropped: string[] = [];
  for (;;) {
    const [row] = await db.query<{ dropped: string | null; held: HeldPart[] }>(
      `select dropped, held from aos.drop_event_part($1 * interval '1 day', $2 * interval '1 day')`,
      [logDays, holdDays],
    );
    if (!row?.dropped) return { dropped, held: row?.held ?? [] };
    dropped.push(row.dropped);
  }
}

/** The parts of the log and what retention last found, for operators. */
export async function logParts(db: Db): Promise<{
  readonly parts: readonly { readonly part: string; readonly from?: Date; readonly to?: Date }[];
  readonly held: readonly HeldPart[];
  readonly sweptAt?: Date;
}> {
  const parts = await db.query<{ part: string; low: Date | null; high: Date | null }>(
    `select part, aos.accepted_at(lower_bound) as low, aos.accepted_at(upper_bound) as high
       from aos.event_parts()
      order by upper_bound`,
  );
  const [state] = await db.query<{ held: HeldPart[]; swept_at: Date | null }>(
    'select held, swept_at from aos.log_state',
  );
  return {
    parts: parts.map(({ part, low, high }) => ({
      part,
      ...(low && low.getTime() > 0 && { from: low }),
      ...(high && { to: high }),
    })),
    held: state?.held ?? [],
    ...(state?.swept_at && { sweptAt: state.swept_at }),
  };
}
